import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { forgeries } from './forgeries.ts'
import { cheats } from './plan.ts'
import { type Outcome, simulate } from './run.ts'
import { writeKinds } from './write-kinds.ts'

/** Two processes, as most machines have at least two cores. */
const ranges = [
  [1, 25],
  [26, 50],
] as const
const child = fileURLToPath(new URL('simulate-child.testing.ts', import.meta.url))

type Told = Omit<Outcome, 'counts'> & { readonly counts: readonly (readonly [string, number])[] }
let told: readonly Told[] = []
const counts = new Map<string, number>()

beforeAll(async () => {
  told = (await Promise.all(ranges.map(([from, to]) => run(from, to)))).flat()
  for (const each of told) for (const [what, times] of each.counts) counts.set(what, (counts.get(what) ?? 0) + times)
}, 400_000)

function run(from: number, to: number): Promise<readonly Told[]> {
  return new Promise((resolve, reject) => {
    const running = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', child, String(from), String(to)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let output = ''
    running.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part
    })
    running.on('error', reject).on('close', (status) => {
      if (status === 0)
        resolve(
          output
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Told),
        )
      else reject(new Error(`the seeds ${from} to ${to} ended with status ${status}`))
    })
  })
}

test('every rule holds in fifty worlds', () => {
  const broken = told
    .filter((each) => each.broken !== null)
    .map(({ seed, broken: rule, lines }) => `seed ${seed}: ${rule}\n${lines.join('\n')}`)
  expect(broken).toEqual([])
  expect(told).toHaveLength(50)
})

test('a seed gives the same world again, in another process too', async () => {
  for (const seed of [7, 20]) {
    const again = await simulate(seed)
    const before = told.find((each) => each.seed === seed)
    expect(again.hash).toBe(before?.hash)
    expect([...again.counts]).toEqual(before?.counts)
  }
  expect(new Set(told.map(({ hash }) => hash)).size).toBe(told.length)
})

describe('over fifty worlds each of these came about', () => {
  test.each(writeKinds)('a crash at the write %s', (kind) => {
    expect((counts.get(`crash after ${kind}`) ?? 0) + (counts.get(`crash before ${kind}`) ?? 0)).toBeGreaterThan(0)
  })

  test.each(cheats)('the cheat %s, and it was noticed', (cheat) => {
    expect(counts.get(`noticed: ${cheat}`)).toBeGreaterThan(0)
  })

  test.each(forgeries)('a request that is made by hand: %s', (forgery) => {
    expect(counts.get(`forged: ${forgery}`)).toBeGreaterThan(0)
  })

  test.each([
    'refuse: ceiling-of-clinician',
    'refuse: clinician-did-not-sign',
    'refuse: clinician-not-licensed',
    'refuse: clinician-without-role',
    'refuse: directive-denies',
    'refuse: evidence-does-not-fit',
    'refuse: evidence-expired',
    'refuse: evidence-late',
    'refuse: intent-expired',
    'refuse: intent-too-long',
    'refuse: ledger-stale',
    'refuse: purpose-not-permitted',
    'refuse: requester-not-active',
    'no receipt: evidence-missing',
    'no receipt: intent-of-another-custodian',
    'no receipt: patient-unknown',
  ])('the refusal %s', (what) => {
    expect(counts.get(what)).toBeGreaterThan(0)
  })

  test.each([
    ['a release of everything', 'permit'],
    ['a release in part', 'part'],
    ['a head closed before the first decision', 'refuse: head-closed'],
    ['a head closed between the two decisions', 'void: head-closed'],
    ['a head closed after the release', 'head closed after'],
    ['facts that changed between the two decisions', 'void: facts-changed'],
    ['the same bytes for a repeated request', 'answer repeated'],
    ['a read by own staff', 'own-staff'],
    ['a correction that its receiver acknowledged', 'correction acknowledged'],
    ['a late enrolment', 'enrolled late'],
    ['a referral', 'referral'],
    ['a clock that is off', 'clock off'],
    ['a line that is cut', 'line cut'],
    ['a lost note', 'note lost'],
    ['a late note', 'note late'],
    ['a note that comes twice', 'note doubled'],
  ])('%s', (_what, counted) => {
    expect(counts.get(counted)).toBeGreaterThan(0)
  })
})
