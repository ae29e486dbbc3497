import { beforeAll, describe, expect, test } from 'vitest'
import { runSeeds, sealingOf, type Told } from './fleet.ts'
import { forgeries } from './forgeries.ts'
import { cheats } from './plan.ts'
import { simulate } from './run.ts'
import { writeKinds } from './write-kinds.ts'

const seeds = 200
/** Two processes, as most machines have at least two cores. */
const jobs = 2

const told: Told[] = []
const counts = new Map<string, number>()

beforeAll(async () => {
  await runSeeds({ from: 1, count: seeds, jobs, told: (each) => told.push(each) })
  for (const each of told) for (const [what, times] of each.counts) counts.set(what, (counts.get(what) ?? 0) + times)
}, 900_000)

const ofSeed = (seed: number): Told | undefined => told.find((each) => each.seed === seed)

test('every rule holds in two hundred worlds', () => {
  const broken = told
    .filter((each) => each.broken !== null)
    .map(({ seed, broken: rule, lines }) => `seed ${seed}: ${rule}\n${lines.join('\n')}`)
  expect(broken).toEqual([])
  expect(told).toHaveLength(seeds)
})

test('a seed gives the same world again, in another process too', async () => {
  expect(new Set(told.map(({ hash }) => hash)).size).toBe(seeds)
  for (const seed of [7, 33]) {
    const again = await simulate(seed)
    expect(again.hash).toBe(ofSeed(seed)?.hash)
    expect([...again.counts]).toEqual(ofSeed(seed)?.counts)
  }
})

test('the stand-in for X-Wing and X-Wing itself give the same world', async () => {
  const others: Told[] = []
  const swapped = (seed: number) => (sealingOf(seed) === 'real' ? 'quick' : 'real')
  await runSeeds({ from: 18, count: 4, jobs, told: (each) => others.push(each), sealing: swapped })
  expect(others).toHaveLength(4)
  for (const { seed, hash, counts: counted } of others) {
    expect(hash).toBe(ofSeed(seed)?.hash)
    expect(counted).toEqual(ofSeed(seed)?.counts)
  }
})

describe('over two hundred worlds each of these came about', () => {
  test.each(
    writeKinds.flatMap((kind) => (['before', 'after', 'failed', 'failed-done'] as const).map((fate) => [fate, kind])),
  )('%s the write %s', (fate, kind) => {
    expect(counts.get(`fault: write ${fate}: ${kind}`)).toBeGreaterThan(0)
  })

  test.each(cheats)('the lie %s, and it was noticed', (cheat) => {
    expect(counts.get(`took effect: ${cheat}`)).toBeGreaterThan(0)
    expect(counts.get(`noticed: ${cheat}`)).toBe(counts.get(`took effect: ${cheat}`))
  })

  test.each(forgeries)('a request that is made by hand: %s', (forgery) => {
    expect(counts.get(`forged: ${forgery}`)).toBeGreaterThan(0)
  })

  test.each([
    'bit flipped in a block of a ledger',
    'bit flipped in a journal',
    'bit flipped in a key store',
    'bit flipped in a tile of a ledger',
    'bit flipped in a state of a ledger',
    'bit flipped in a vault',
    'clock drifting',
    'clock of the sequencer stepped',
    'clock stepped',
    'crash between writes',
    'disk full: a write refused',
    'disk slow: a write waited for',
    'line cut',
    'line flapping',
    'line slow',
    'note doubled',
    'note late',
    'note lost',
    'note with a flipped bit',
    'old answer replayed',
    'one way cut',
    'pair cut',
    'partition',
    'wallet away',
    'write torn: vault-pack',
  ])('the fault: %s', (fault) => {
    expect(counts.get(`fault: ${fault}`)).toBeGreaterThan(0)
  })

  test.each([
    'INV-R1',
    'INV-R2',
    'INV-R3',
    'INV-R4',
    'INV-R5',
    'agreement',
    'at most once',
    'expiry',
    'liveness',
    'policy',
    'queues',
    'replicas',
    'vault',
  ])('a look at the rule %s', (rule) => {
    expect(counts.get(`check: ${rule}`)).toBeGreaterThan(0)
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
    ['a tenant that joined', 'tenant joined'],
    ['a member that got a new key', 'key replaced: member'],
    ['a tenant that got a new key', 'key replaced: tenant'],
    ['a correction that is on its way while its key is replaced', 'corrected while a key is replaced'],
    ['a vote for another profile of policy', 'voted: set-profile'],
    ['a vote for other parameters', 'voted: set-parameters'],
    ['a member that was suspended', 'member suspended'],
    ['a node that stopped at damage', 'damage met, and the node stopped'],
    ['a ledger that was copied from a peer', 'ledger copied from a peer'],
    ['damage that a vault found by itself', 'damage met, and found by the vault itself'],
    ['damage that was shown as what does not verify', 'damage met, and shown as what does not verify'],
  ])('%s', (_what, counted) => {
    expect(counts.get(counted)).toBeGreaterThan(0)
  })
})
