/** The line between one member and the sequencer, as a network is: late, in order, and sometimes gone. */
import type { Schedule } from './ports.ts'

export interface Link {
  readonly isUp: () => boolean
  /** For what is sent from now on; nothing overtakes what is under way. */
  setDelay(milliseconds: number): void
  /** What is under way is lost, in both directions. */
  cut(): void
  heal(): void
  /** From the sequencer to the member. False when the line is down or full: then nothing was sent. */
  down(deliver: () => void): boolean
  /** From the member to the sequencer. */
  up(deliver: () => void): boolean
  /** Hears of each cut and each healing. */
  onChange(listener: (isUp: boolean) => void): void
}

/** Above what either side has under way by its own limits. */
const messagesMax = 20_000

interface Message {
  readonly deliver: () => void
  due: boolean
  cancel: () => void
}

export function createLink({
  schedule,
  delayMilliseconds = 0,
}: {
  readonly schedule: Schedule
  readonly delayMilliseconds?: number
}): Link {
  let delay = delayMilliseconds
  let isUp = true
  const listeners: ((isUp: boolean) => void)[] = []
  const lanes = [lane(), lane()] as const

  function lane() {
    let queue: Message[] = []
    return {
      send(deliver: () => void): boolean {
        if (!isUp || queue.length >= messagesMax) return false
        const message: Message = { deliver, due: false, cancel: () => {} }
        queue.push(message)
        message.cancel = schedule(() => {
          message.due = true
          while (queue[0]?.due) queue.shift()?.deliver()
        }, delay)
        return true
      },
      lose() {
        const lost = queue
        queue = []
        for (const { cancel } of lost) cancel()
      },
    }
  }

  function change(next: boolean): void {
    if (next === isUp) return
    isUp = next
    if (!isUp) for (const each of lanes) each.lose()
    for (const listener of listeners) listener(isUp)
  }

  return {
    isUp: () => isUp,
    setDelay(milliseconds) {
      delay = milliseconds
    },
    cut: () => change(false),
    heal: () => change(true),
    down: (deliver) => lanes[0].send(deliver),
    up: (deliver) => lanes[1].send(deliver),
    onChange: (listener) => void listeners.push(listener),
  }
}
