/** Which version of each contract runs, and what happens at the height at which another one begins. */
import { decode, encode, type Infer, text, uint, variant } from '@plexus/codec'
import type { Misbehaviour } from './blocks.ts'
import type { Context, RegisteredContract, Variant } from './contract.ts'
import type { KeyDirectory } from './directory.ts'
import { type EventRecord, eventBytesMax } from './ledger.ts'
import { draftOf, type Overlay, type StateReader, viewOf } from './state.ts'

/** In the feed as the contract `kernel`: from this block on, this version runs, and its migration ran before everything else. */
export const kernelEvent = variant({
  'version-began': { contract: text({ min: 1, max: 40 }), version: uint() },
})
export type KernelEvent = Infer<typeof kernelEvent>

const kernelName = 'kernel'

/** The contracts that run at one height, by name. */
export type Running = ReadonlyMap<string, RegisteredContract>

/** What happened, as the feed keeps it. */
export interface Happened {
  readonly contract: string
  readonly event: Uint8Array
}

/** The contracts of one build, by name and version; several versions of one contract may stand side by side. */
export class Versions {
  private readonly byVersion: ReadonlyMap<string, RegisteredContract>
  private readonly directory: Pick<KeyDirectory, 'versionsAt'>
  private replayed: { readonly overlay: Overlay; readonly height: number; readonly running: Running } | undefined

  constructor(contracts: readonly RegisteredContract[], directory: Pick<KeyDirectory, 'versionsAt'>) {
    this.byVersion = new Map(contracts.map((contract) => [placeOf(contract.name, contract.version), contract]))
    if (this.byVersion.size < contracts.length) throw new Error('a version of a contract is registered twice')
    if (contracts.some(({ name }) => name === kernelName)) throw new Error(`no contract may be called ${kernelName}`)
    this.directory = directory
  }

  /**
   * What runs in the block of this height, by name. Throws when this build lacks a version that was decided on: the
   * node stops before the block, rather than judge it by other rules than everybody else.
   */
  at(state: StateReader, height: number): Running {
    const active = new Map<string, RegisteredContract>()
    for (const [name, version] of this.directory.versionsAt(state, height)) {
      const contract = this.byVersion.get(placeOf(name, version))
      if (!contract)
        throw new Error(
          `block ${height} is under version ${version} of the contract ${name}, which this build does not have: ` +
            'install a build that has it, and start again',
        )
      active.set(name, contract)
    }
    return active
  }

  /** Runs the migrations of whatever begins in this block, in the order of the names, and says what began. */
  begin(overlay: Overlay, height: number, active: Running): readonly Happened[] {
    const before = this.directory.versionsAt(overlay, height - 1)
    const began = [...active.values()].filter(({ name, version }) => before.get(name) !== version)
    return began
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((contract) => {
        migrate(overlay, contract)
        const event = { type: 'version-began', contract: contract.name, version: contract.version } as const
        return { contract: kernelName, event: encode(kernelEvent, event) }
      })
  }

  /** Feeds a state with one event of the feed, after all those before it: what an auditor does who trusts no replica. */
  replay(overlay: Overlay, { contract: name, event, height }: EventRecord): void {
    if (name === kernelName) {
      const began = decodeEvent(kernelEvent, name, event)
      const contract = this.byVersion.get(placeOf(began.contract, began.version))
      if (!contract) throw new Error(`version ${began.version} of ${began.contract} is not registered`)
      migrate(overlay, contract)
      return
    }
    const contract = this.runningAt(overlay, height).get(name)
    if (!contract) throw new Error(`an event names ${name}, which is not active at height ${height}`)
    evolve(overlay, contract, decodeEvent(contract.event, name, event))
  }

  /** What a block decides holds from a later one on; only the founding holds at once. */
  private runningAt(overlay: Overlay, height: number): Running {
    if (height > 0 && this.replayed?.overlay === overlay && this.replayed.height === height)
      return this.replayed.running
    const running = this.at(overlay, height)
    this.replayed = { overlay, height, running }
    return running
  }
}

function placeOf(name: string, version: number): string {
  return `${name}/${version}`
}

function decodeEvent<Event extends Variant>(
  schema: Parameters<typeof decode<Event>>[0],
  name: string,
  event: Uint8Array,
): Event {
  const decoded = decode(schema, event, eventBytesMax)
  if (!decoded.ok) throw new Error(`an event of ${name} is malformed at ${decoded.reason.path}`)
  return decoded.value
}

/** What follows from what the engine proved, contract by contract in the order of their names: before any envelope. */
export function judge(
  overlay: Overlay,
  running: Running,
  seen: readonly Misbehaviour[],
  at: Pick<Context, 'height' | 'time'>,
): readonly Happened[] {
  const judges = [...running.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return seen.flatMap((each) =>
    judges.flatMap((contract) =>
      (contract.misbehaved?.(viewOf(contract, overlay), each, at) ?? []).map((event) => {
        evolve(overlay, contract, event)
        return { contract: contract.name, event: encode(contract.event, event) }
      }),
    ),
  )
}

/** Applies one event to the state of its contract. */
export function evolve(overlay: Overlay, contract: RegisteredContract, event: Variant): void {
  const effect = contract.evolve[event.type]
  if (!effect) throw new Error(`${contract.name} has no effect for the event ${event.type}`)
  effect(draftOf(contract, overlay), event)
}

function migrate(overlay: Overlay, { name, state, migration }: RegisteredContract): void {
  migration?.run(draftOf({ name, state: migration.from }, overlay), draftOf({ name, state }, overlay))
}
