/** Reads by own staff at a rate that does not wait for answers, and how long each took from when it was due. */

import { HttpLine, openLines } from '../submit/http-line.ts'
import { now } from '../world.ts'
import type { Opened } from './members.ts'

/** Between two looks at what is due. */
const stepMilliseconds = 5

export interface Answered {
  /** Receipts that are durable. */
  readonly receipts: number
  /** Told to come again. */
  readonly refused: number
  /** Due, and never sent, since every connection was in use: all of them by a server that had not answered. */
  readonly unsent: number
  /** Of each receipt, from when the read was due to when its answer was here. */
  readonly milliseconds: readonly number[]
  /** Until the last answer. */
  readonly seconds: number
}

export interface Load {
  /** Sends so many a second; those for which no connection is free within `patience` milliseconds are not sent. */
  at(rate: number, seconds: number, patience?: number): Promise<Answered>
  /** Sends on each connection as soon as it was answered: as many a second as the members take. */
  asFastAsAnswered(seconds: number): Promise<Answered>
  close(): void
}

interface Seat {
  line: HttpLine
  busy: boolean
}

/** `lines`: connections, the most that wait for an answer at once. */
export async function openLoad({ doors, patients, npi }: Opened, lines: number): Promise<Load> {
  const seats: Seat[][] = []
  const bodies = doors.map(({ member }) =>
    new TextEncoder().encode(JSON.stringify({ custodian: member, npi, sources: [] })),
  )
  for (const { address } of doors) {
    const { origin } = new URL(address)
    const opened = await openLines(origin, Math.ceil(lines / doors.length))
    // A busy server takes in one new connection in a turn: all are there before anything is measured.
    await Promise.all(opened.map((line) => line.post(line.head('/', {}), new Uint8Array(0))))
    seats.push(opened.map((line) => ({ line, busy: false })))
  }
  /** By door: each goes through its patients in turn. */
  const made = doors.map(() => 0)

  /** One read at the door of this number, on a free connection of its own. */
  async function read(door: number, seat: Seat, due: number, into: Counting): Promise<void> {
    const { address, token } = doors[door] as Opened['doors'][number]
    const number = made[door] ?? 0
    made[door] = number + 1
    const patient = patients[number % patients.length] as string
    const path = `${new URL(address).pathname}/charts/${patient}/own-staff-read`
    const head = seat.line.head(path, { authorization: `Bearer ${token}`, 'content-type': 'application/json' })
    seat.busy = true
    if (seat.line.closed) seat.line = await HttpLine.open(new URL(address).origin)
    const { status, body } = await seat.line.post(head, bodies[door] as Uint8Array)
    seat.busy = false
    if (status === 429) into.refused++
    else if (status !== 200) throw new Error(`a member answered ${status}: ${body.slice(0, 200)}`)
    else {
      into.receipts++
      into.milliseconds.push(1000 * (now() - due))
    }
  }

  return {
    async at(rate, seconds, patience = Number.POSITIVE_INFINITY) {
      const into: Counting = { receipts: 0, refused: 0, unsent: 0, milliseconds: [] }
      const open = new Set<Promise<void>>()
      const from = now()
      const count = Math.round(rate * seconds)
      let failure: unknown
      for (let next = 0; next < count || open.size > 0; ) {
        if (failure) throw failure
        const time = now()
        while (next < count) {
          const due = from + next / rate
          if (due > time) break
          const door = next % doors.length
          const seat = seats[door]?.find(({ busy }) => !busy)
          if (seat) {
            const sent = read(door, seat, due, into).catch((error) => {
              failure ??= error
            })
            open.add(sent)
            sent.finally(() => open.delete(sent))
          } else if (1000 * (time - due) > patience) into.unsent++
          else break
          next++
        }
        await new Promise((resolve) => setTimeout(resolve, stepMilliseconds))
      }
      if (failure) throw failure
      return { ...into, seconds: now() - from }
    },
    async asFastAsAnswered(seconds) {
      const into: Counting = { receipts: 0, refused: 0, unsent: 0, milliseconds: [] }
      const from = now()
      const end = from + seconds
      await Promise.all(
        seats.flatMap((some, door) =>
          some.map(async (seat) => {
            while (now() < end) await read(door, seat, now(), into)
          }),
        ),
      )
      return { ...into, seconds: now() - from }
    },
    close() {
      for (const { line } of seats.flat()) line.close()
    },
  }
}

interface Counting {
  receipts: number
  refused: number
  unsent: number
  readonly milliseconds: number[]
}
