import type { CapturedEvent, EventRepository } from './repository.ts'

/** A repository that forgets when it goes. */
export class MemoryRepository implements EventRepository {
  readonly #events: CapturedEvent[] = []
  readonly #keys = new Set<string>()
  readonly #contents = new Map<string, string>()

  get count(): number {
    return this.#events.length
  }

  holds(contentHash: string, isDeclaredWrong: boolean): boolean {
    return this.#keys.has(`${isDeclaredWrong} ${contentHash}`)
  }

  contentOf(eventID: string): string | undefined {
    return this.#contents.get(eventID)
  }

  append(events: readonly CapturedEvent[]): void {
    for (const captured of events) {
      this.#events.push(captured)
      this.#keys.add(`${captured.event.errorDeclaration !== null} ${captured.contentHash}`)
      this.#contents.set(captured.event.eventID as string, captured.contentHash)
    }
  }

  at(position: number): CapturedEvent | undefined {
    return this.#events[position]
  }

  *events(from = 0): Iterable<CapturedEvent> {
    for (let position = from; position < this.#events.length; position++) yield this.#events[position] as CapturedEvent
  }
}
