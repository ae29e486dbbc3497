import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { blindKeys } from '@plexus/exchange'
import { openJournal } from '@plexus/store'
import { expect, onTestFinished, test } from 'vitest'
import { sealingUnder } from '../sealing.ts'
import { Captures } from './captures.ts'

const key = new Uint8Array(32).fill(7)
const serialOf = (at: number) => `SERIAL${at}`
const documentOf = (...serials: readonly number[]) => ({
  mediaType: 'application/json',
  body: utf8(
    JSON.stringify({
      '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
      type: 'EPCISDocument',
      schemaVersion: '2.0',
      creationDate: '2026-11-21T10:00:00Z',
      epcisBody: {
        eventList: serials.map((at) => ({
          type: 'ObjectEvent',
          eventTime: '2026-11-20T08:00:00Z',
          eventTimeZoneOffset: '+00:00',
          action: 'ADD',
          epcList: [`urn:epc:id:sgtin:030002.0143380.${serialOf(at)}`],
        })),
      },
    }),
  ),
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'plexus-captures-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** `gate`: a turn runs when it resolves. */
function open(at: string, gate: () => Promise<void> = async () => {}) {
  const journal = openJournal(at, { sealing: sealingUnder(key, systemRandom) })
  const failures: unknown[] = []
  const captures = new Captures({
    journal,
    blind: blindKeys(key),
    now: () => Date.UTC(2026, 10, 21),
    async run(action) {
      await gate()
      action()
      await journal.durable()
    },
    onFailure: (error) => failures.push(error),
  })
  return { captures, journal, failures }
}

test('a document that was answered and not read before a crash is read after the next start, and once', async () => {
  const at = folder()
  let turns = 0
  // The first turn makes the document durable; the second, which would read it, never comes.
  const first = open(at, () => (turns++ === 0 ? Promise.resolve() : new Promise(() => {})))
  const taken = await first.captures.take('wholesaler', documentOf(1, 2))
  if (!taken.ok) throw new Error('not taken')
  expect(first.captures.job('wholesaler', taken.value)?.outcome).toEqual({ type: 'waiting' })
  first.journal.close()

  const second = open(at)
  second.captures.wake()
  await second.captures.settled()
  expect(second.captures.job('wholesaler', taken.value)?.outcome).toEqual({ type: 'captured', events: 2, known: 0 })
  second.journal.close()

  const third = open(at)
  third.captures.wake()
  await third.captures.settled()
  expect(third.captures.repository('wholesaler').count).toBe(2)
  expect([...third.captures.repository('wholesaler').events(1)].map(({ position }) => position)).toEqual([1])
  third.journal.close()
})

test('so many documents wait and no more, and each partner sees its own jobs', async () => {
  const { captures, journal } = open(folder(), () => new Promise((resolve) => setImmediate(resolve)))
  const taken = await Promise.all(Array.from({ length: 17 }, (_, at) => captures.take('wholesaler', documentOf(at))))
  expect(taken.filter(({ ok }) => !ok)).toEqual([{ ok: false, reason: { type: 'node-busy' } }])
  await captures.settled()
  expect(captures.jobs('wholesaler', { limit: 100 }).map(({ outcome }) => outcome.type)).toEqual(
    Array(16).fill('captured'),
  )
  expect(captures.jobs('pharmacy', { limit: 100 })).toEqual([])
  expect((await captures.take('wholesaler', documentOf(99))).ok).toBe(true)
  await captures.close()
  journal.close()
})

test('the disk shows neither partner nor serial of what was captured', async () => {
  const at = folder()
  const { captures, journal } = open(at)
  await captures.take('wholesaler-north', documentOf(1, 2, 3))
  await captures.settled()
  journal.close()
  const bytes = Buffer.concat(readdirSync(at).map((name) => readFileSync(join(at, name))))
  for (const secret of ['wholesaler-north', serialOf(2), '030002', 'sgtin']) expect(bytes.includes(secret)).toBe(false)
})

test('a failure of the node ends its job, is told apart from the document, and the next goes on', async () => {
  const { captures, journal, failures } = open(folder())
  const repository = captures.repository('wholesaler')
  const append = repository.append.bind(repository)
  repository.append = () => {
    throw new Error('the disk is full')
  }
  const first = await captures.take('wholesaler', documentOf(1))
  await captures.settled()
  repository.append = append
  const second = await captures.take('wholesaler', documentOf(2))
  await captures.settled()
  const outcomes = [first, second].map((each) => each.ok && captures.job('wholesaler', each.value)?.outcome.type)
  expect(outcomes).toEqual(['failed', 'captured'])
  expect(failures).toHaveLength(1)
  journal.close()
})
