/** Each suite at a small size: what it works out is checked, how long it takes is not. */
import { existsSync } from 'node:fs'
import { contracts as everyContract } from '@plexus/contracts'
import { expect, test } from 'vitest'
import { suite as access } from './access/workload.ts'
import { chartOf } from './chart.ts'
import { suite as commitments } from './commitments/workload.ts'
import { suite as contracts } from './contracts/workload.ts'
import { suite as directive } from './directive/workload.ts'
import { suite as engine } from './engine/workload.ts'
import { suite as epcis } from './epcis/workload.ts'
import { suite as growth } from './growth/workload.ts'
import { suite as importing } from './import/workload.ts'
import { suite as light } from './light/workload.ts'
import { suite as linkage } from './linkage/workload.ts'
import { builtEngine, suite as network } from './network/workload.ts'
import { browserPath } from './pages/browser.ts'
import { suite as recall } from './recall/workload.ts'
import { suite as record } from './record/workload.ts'
import { suite as restore } from './restore/workload.ts'
import { suite as soak } from './soak/workload.ts'
import { suite as start } from './start/workload.ts'
import { suite as streaming } from './streaming/workload.ts'
import { suite as submit } from './submit/workload.ts'
import { median, percentile, resultOf } from './suite.ts'
import { suite as sync } from './sync/workload.ts'
import { suite as tags } from './tags/workload.ts'
import { suite as verify } from './verify/workload.ts'
import { suite as verifyUnit } from './verify-unit/workload.ts'
import { suite as web } from './web/workload.ts'

const small = { small: true, tell: () => {} }

test('access: every custodian of a scattered chart is complete in the view, and a click costs two blocks at least', async () => {
  const { checked, figures } = await access.run(small)
  const { organisations, resources, view } = checked as { organisations: number; resources: number; view: string }
  const { sources } = JSON.parse(view) as {
    readonly sources: readonly { readonly state: string; readonly types: Readonly<Record<string, number>> }[]
  }
  expect(sources.map(({ state }) => state)).toEqual(Array(organisations).fill('complete'))
  const received = sources.flatMap(({ types }) => Object.entries(types)).filter(([type]) => type !== 'Provenance')
  expect(received.reduce((sum, [, count]) => sum + count, 0)).toBe(organisations * resources)
  const blocks = figures.find(({ name }) => name === 'blocks until quiet')?.value ?? Number.NaN
  // One for the intents, one at least for the receipts; how many custodians share a block is a matter of time.
  expect(blocks).toBeGreaterThanOrEqual(2)
})

test('directive: after a deny every custodian refuses, and says that the directive denies', async () => {
  const { checked } = await directive.run(small)
  expect(checked).toEqual({ custodians: 2, before: ['complete', 'complete'], changes: 2, refused: 2 })
})

test('import: what is read of a sample is stored, each resource at one custodian', async () => {
  const { checked } = await importing.run(small)
  const { read, stored, refused, patients, custodians, types } = checked as {
    readonly [name in 'patients' | 'read' | 'refused' | 'stored']: number
  } & { readonly custodians: readonly number[]; readonly types: readonly (readonly [string, number])[] }
  expect({ refused, patients, lost: read - stored }).toEqual({ refused: 0, patients: 1, lost: 0 })
  expect(custodians.length).toBeGreaterThanOrEqual(3)
  expect(custodians.reduce((sum, count) => sum + count, 0)).toBe(read)
  expect(types.reduce((sum, [, count]) => sum + count, 0)).toBe(read)
})

test('restore: every record of a lost member opens again, and its doors are shut at first', async () => {
  const { checked, figures } = await restore.run(small)
  expect(checked).toEqual({ records: 700, erased: 0, shutAtTheStart: true })
  const copied = figures.find(({ name }) => name.startsWith('backup, after'))
  expect(copied).toMatchObject({ unit: 's' })
})

test('epcis: every event is captured, from JSON and from XML under one name', async () => {
  const { checked, figures } = await epcis.run(small)
  expect(checked).toMatchObject({ events: 1_000, last: expect.stringMatching(/^ni:\/\/\/sha-256;[0-9a-f]{64}/) })
  expect(figures.map(({ unit }) => unit)).toEqual(['1/s', '1/s'])
})

test('tags: of two claims on a fill the second is refused, and a first one is accepted', async () => {
  const { checked } = await tags.run(small)
  expect(checked).toEqual({ spent: 2_000, answers: ['first: accepted', 'second: exclusivity-spent'] })
})

test('contracts: every step of every contract is accepted, beside as many lives of a handle', async () => {
  const { checked, figures } = await contracts.run(small)
  expect(checked).toEqual({
    accepted: { notary: 192, members: 32, practitioners: 32, prescriptions: 96, rebates: 80, supply: 80, releases: 64 },
  })
  const promised = figures.flatMap(({ name, target }) => (target ? [`${name} ${target.type} ${target.value}`] : []))
  const others = ['members', 'practitioners', 'prescriptions', 'rebates', 'supply', 'releases']
  expect(promised).toEqual(others.map((name) => `${name} against notary at-least 0.5`))
  expect([...others, 'notary'].sort()).toEqual(everyContract.map(({ name }) => name).sort())
})

test('verify-unit: every label that was scanned is that of a good unit', async () => {
  const { checked, figures } = await verifyUnit.run(small)
  expect(checked).toEqual({ units: 96, answers: ['good'] })
  expect(figures[1]?.target).toEqual({ type: 'below', value: 0.1 })
})

test('recall: the maker knows every holder, and that they have every unit', async () => {
  const { checked, figures } = await recall.run(small)
  expect(checked).toEqual({ holders: 6, held: 804 })
  expect(figures[0]?.target).toEqual({ type: 'below', value: 5 })
})

test('start: the story of one sample comes to its end, each step checked', async () => {
  const { checked, figures } = await start.run(small)
  const { read, stored } = checked as { readonly read: number; readonly stored: number }
  expect(stored).toBe(read)
  expect(stored).toBeGreaterThan(0)
  expect(figures[0]?.target).toEqual({ type: 'below', value: 60 })
})

test('streaming: what passed through the vault is what came, and chunks seal to the same bytes on every machine', async () => {
  const { checked, figures } = await streaming.run(small)
  const { sealedHash, record } = checked as { readonly sealedHash: string; readonly record: object }
  expect(sealedHash).toBe('f450a9f9a5128b3f220f71bd204d77c7673243280a8f2ebf3633356146af24e7')
  expect(record).toMatchObject({ length: 8 * 2 ** 20, sealedLength: 56 + 512 * 16_400 + 16 })
  expect(figures.filter(({ target }) => target).map(({ unit }) => unit)).toEqual(['MiB/s', 'MiB/s', 'MiB', 'MiB'])
})

test('T-02 linkage: company tells more than time, an hour’s tick less than none, and the year is the same each time', async () => {
  const { checked, figures } = await linkage.run(small)
  expect(checked).toMatchObject({ members: 25, asks: 2_246, receipts: 5_318, changes: 89, enrolments: 116 })
  const gain = (what: string) => figures.find(({ name }) => name === `${what}: gain over guessing`)?.value ?? Number.NaN
  const [now, late] = ['at once (the default)', 'tick of 3600 s']
  expect(gain(`${now}, receipts`)).toBeGreaterThan(gain(`${now}, receipts by time alone`))
  expect(gain(`${now}, receipts`)).toBeGreaterThan(gain(`${late}, receipts`))
  expect(gain(`${now}, pairs of members`)).toBeGreaterThan(gain(`${late}, pairs of members`))
  expect(gain(`${now}, receipts of one click`)).toBeGreaterThan(gain(`${late}, receipts of one click`))
  expect(figures[0]?.target).toEqual({ type: 'below', value: 0.1 })
})

test('submit: what each door answered as accepted is on the ledger, and the same envelope has one place at all of them', async () => {
  const { checked, figures } = await submit.run(small)
  expect(checked).toEqual({ accepted: 961, samePlace: true })
  expect(figures.find(({ target }) => target)?.target).toEqual({ type: 'below', value: 1 })
})

test('light: a bundle holds from a checkpoint on, across validators that changed, and each time alike', async () => {
  const { checked, figures } = await light.run(small)
  const { receipt, ...rest } = checked as { readonly receipt: string }
  expect(rest).toEqual({ asked: [21, 12, 7, 9, 8, 22], height: 22 })
  expect(receipt).toMatch(/^[0-9a-f]{64}$/)
  expect(figures.map(({ target }) => target?.value)).toEqual([100, undefined, 100])
})

test('a target that is missed is told as missed, at its edge too', () => {
  const figure = { name: 'rate', unit: 'resources/s' }
  expect(resultOf({ ...figure, value: 1_500, target: { type: 'at-least', value: 1_500 } }).met).toBe(true)
  expect(resultOf({ ...figure, value: 1_499.9, target: { type: 'at-least', value: 1_500 } }).met).toBe(false)
  expect(resultOf({ ...figure, value: 1, target: { type: 'below', value: 1 } }).met).toBe(false)
  expect(resultOf({ ...figure, value: 7 })).toEqual({ ...figure, value: 7, target: null, met: null })
})

test('percentiles are values that were measured, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([median(hundred), percentile(hundred, 0.95), percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([
    50, 95, 99, 100,
  ])
  expect(median([7])).toBe(7)
})

test('a synthetic chart has the same bytes each time it is made', () => {
  const size = { organisations: 2, resources: 30 }
  expect(chartOf(size)).toEqual(chartOf(size))
})

test('engine: every transaction of every way in is accepted, and every block holds what was sent', async () => {
  const { checked } = await engine.run(small)
  expect(checked).toEqual({ handles: 8_192, accepted: 500 })
})

test('commitments: what was committed is provable from the statement to the signed header, and a changed opening is not', async () => {
  const { checked, figures } = await commitments.run(small)
  expect(checked).toEqual({ small: { leaves: 12_388, transactions: 4, proofs: 100 }, held: 'all', forged: 'none' })
  expect(figures[0]?.target).toEqual({ type: 'at-least', value: 100_000 })
})

test('growth: every size is reached and written on top of, every proof holds, and what lies on the disk opens again', async () => {
  const { checked, figures } = await growth.run(small)
  expect(checked).toEqual({ leaves: [4_096, 12_288], handles: [2_000, 6_000] })
  expect(figures.flatMap(({ target }) => target?.value ?? [])).toEqual([0.8, 0.8, 10, 0.5, 10, 10])
})

test('soak: whoever was answered has a receipt, nobody else has one, and each is on the ledger in the end', async () => {
  const { checked, figures } = await soak.run(small)
  expect(checked).toEqual({ receiptsWithoutAnswer: 0, leavesWithoutBatch: 0, batchesWithoutBlock: 0 })
  expect(figures.flatMap(({ target }) => target?.value ?? [])).toEqual([1.02, 1.1, 512, 30])
})

test.skipIf(!existsSync(builtEngine))(
  'sync: a node that replays and one that begins from a snapshot reach the state of the others (needs `npm run engine`)',
  async () => {
    const { checked } = await sync.run(small)
    expect(checked).toEqual({ handles: [5_000, 5_000], agree: [true, true], began: [0, true] })
  },
)

test.skipIf(!existsSync(builtEngine))(
  'network: validators agree, nothing offered is lost, and each node verifies each signature once (needs `npm run engine`)',
  async () => {
    const { checked, figures } = await network.run(small)
    expect(checked).toEqual({ lost: 0, verifiedOnce: true, agreed: true })
    expect(figures.flatMap(({ target }) => target?.value ?? [])).toEqual([0.75, 1.5, 1.5])
  },
)

test.skipIf(browserPath === undefined)(
  'web: a first page comes, and every touch of both roles’ stories has its frame (needs Chromium)',
  async () => {
    const { checked, figures } = await web.run(small)
    expect(checked).toEqual({ roles: ['clinician', 'ledger', 'patient'], touched: true })
    expect(figures.flatMap(({ target }) => target?.value ?? [])).toEqual([1_500, 250, 200])
  },
)

test.skipIf(browserPath === undefined)(
  'record: patient and clinician are shown every resource of every custodian (needs Chromium)',
  async () => {
    const { checked, figures } = await record.run(small)
    const { resources, patient, clinician } = checked as Readonly<Record<string, number>>
    expect(resources).toBe(60)
    // The node adds a Provenance for each rule by which it gave entries to organisations.
    expect(patient).toBeGreaterThanOrEqual(60)
    expect(clinician).toBe(patient)
    expect(figures.flatMap(({ target }) => target?.value ?? [])).toEqual([1_000, 50, 1_000, 50])
  },
)

test.skipIf(browserPath === undefined)(
  'verify: a browser verifies the bundle as a node does, through the same blocks (needs Chromium)',
  async () => {
    const [inBrowser, onNode] = [await verify.run(small), await light.run(small)]
    expect(inBrowser.checked).toEqual(onNode.checked)
    expect(inBrowser.figures.flatMap(({ target }) => target?.value ?? [])).toEqual([250, 250])
  },
)
