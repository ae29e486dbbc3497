/**
 * T-18, by the clock of this machine and with real threads. Rounds with and without a flood take turns, so that whatever
 * else keeps the machine busy falls on both; what counts is the ratio of each pair, and the middle one of all pairs.
 */
import { readEnvelope } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { createIntake, type Intake } from './intake.ts'
import { genesisTime, memberNames, note, notesMachine } from './notes.testing.ts'
import { startVerifierPool } from './verifier-pool.ts'

const machine = notesMachine()
const [flooder, ...others] = memberNames
/** Each member has so many in flight all the time: together more than is verified at once, so the intake is saturated. */
const inFlight = 128
const floodFactor = 10
/** Of each member that does not flood, in one round. */
const envelopesPerRound = 150
const rounds = 5

let made = 0
function envelopeOf(member: string) {
  const bytes = note(machine, member, { type: 'write', name: `note-${++made}` }, genesisTime)
  const read = readEnvelope(bytes)
  if (!read.ok) throw new Error('an own envelope is readable')
  return { bytes, envelope: read.value }
}

test('T-18: one member at ten times saturation does not double the p99 of the others', {
  timeout: 60_000,
}, async () => {
  const pool = startVerifierPool()
  const intake = createIntake({
    pool,
    learn: () => {},
    waiting: () => 0,
    schedule(callback) {
      const turn = setImmediate(callback)
      return () => clearImmediate(turn)
    },
    onFailure: (error) => {
      throw error
    },
  })
  try {
    // Threads are started by the first work there is.
    await latencies(intake, inFlight)
    const ratios: number[] = []
    for (let round = 0; round < rounds; round++) {
      const quiet = await latencies(intake, inFlight)
      const flooded = await latencies(intake, inFlight * floodFactor)
      expect([quiet.length, flooded.length]).toEqual(Array(2).fill(others.length * envelopesPerRound))
      ratios.push(p99(flooded) / p99(quiet))
    }
    expect(ratios.toSorted((a, b) => a - b)[(rounds - 1) / 2]).toBeLessThan(2)
  } finally {
    await pool.close()
  }
})

/** Milliseconds until each envelope of the others is verified, while one member keeps so many in front of them. */
async function latencies(intake: Intake, flooderInFlight: number): Promise<readonly number[]> {
  // Signed before the clock runs; the flooder sends the same ones again, which the intake cannot know.
  const flood = Array.from({ length: inFlight }, () => envelopeOf(flooder))
  const work = others.map((member) => ({
    member,
    envelopes: Array.from({ length: envelopesPerRound }, () => envelopeOf(member)),
  }))
  const verify = (member: string, each: ReturnType<typeof envelopeOf>): Promise<number> => {
    const from = performance.now()
    return new Promise((resolve, reject) =>
      intake.add(member, {
        ...each,
        verified: () => resolve(performance.now() - from),
        refused: () => reject(new Error('a good signature was refused')),
      }),
    )
  }
  let over = false
  let next = 0
  const flooding = loops(flooderInFlight, async () => {
    while (!over) await verify(flooder, flood[next++ % flood.length] as ReturnType<typeof envelopeOf>)
  })
  const told: number[] = []
  const working = work.map(({ member, envelopes }) =>
    loops(inFlight, async () => {
      for (let each = envelopes.pop(); each; each = envelopes.pop()) told.push(await verify(member, each))
    }),
  )
  await Promise.all(working)
  over = true
  await flooding
  return told
}

const loops = (count: number, loop: () => Promise<void>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, loop))

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}
