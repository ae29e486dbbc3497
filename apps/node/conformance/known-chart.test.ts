/** What must come out of a chart that is known: scattered over four custodians, asked for, checked, assembled. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { viewBytes } from '@plexus/assembly'
import { equalBytes, toHex } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { type Gathered, viewOfAsk } from '@plexus/exchange'
import type { WalletClient } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ImportReport } from '../src/import.ts'
import { hasSynthea, importInto, keepers, synthea } from './charts.testing.ts'
import { type Clinician, clinic, must, World } from './world.testing.ts'

const patient = 'd0190651-b9b0-4513-8f3b-d542319220d1'
const chart = join(synthea, `${patient}.json`)
const rxnorm = 'http://www.nlm.nih.gov/research/umls/rxnorm'
const snomed = 'http://snomed.info/sct'

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, each) => total + each, 0)

describe.skipIf(!hasSynthea)('the chart of patient d0190651 (needs ../shared/data)', () => {
  let world: World
  let report: ImportReport
  let custodians: readonly string[]
  let client: WalletClient
  let clinician: Clinician
  let visit: Uint8Array
  let first: Gathered

  beforeAll(async () => {
    world = await World.start({ members: keepers })
    const imported = await importInto(world, [chart])
    report = imported.report
    custodians = imported.directory.custodiansOf(patient)
    await world.settled()
    clinician = await world.employ()
    client = await world.enrol(patient, custodians)
    visit = await world.checkIn(client, clinic, custodians)
    first = await world.ask(visit, clinician)
  })

  afterAll(() => world.close())

  const contentOf = (gathered: Gathered, type: string) =>
    gathered.sources.flatMap(({ custodian, records }) =>
      records
        .filter(({ statement }) => statement.resourceType === type)
        .map((record) => ({ custodian, record, value: JSON.parse(Buffer.from(record.plaintext).toString('utf8')) })),
    )

  test('it lies at four custodians, with 49, 19, 11 and 1 encounters', () => {
    const encounters = [...report.custodians.values()].map((types) => types.get('Encounter') ?? 0)
    expect(encounters.sort((a, b) => b - a)).toEqual([49, 19, 11, 1])
    expect(custodians).toHaveLength(4)
  })

  test('the assembled record has 472 observations, 36 reports, 33 medication requests and 18 conditions, each from its maker', () => {
    const view = viewOfAsk(first)
    const of = (type: string) => sum(view.sources.map(({ types }) => types[type] ?? 0))
    expect([of('Observation'), of('DiagnosticReport'), of('MedicationRequest'), of('Condition')]).toEqual([
      472, 36, 33, 18,
    ])
    expect(view.sources.map(({ types }) => types['Encounter'] ?? 0).sort((a, b) => b - a)).toEqual([49, 19, 11, 1])
    expect(view.sources.map(({ state }) => state.type)).toEqual(['complete', 'complete', 'complete', 'complete'])
  })

  test('what the clinician reads is, byte for byte, what the custodian received', () => {
    const source = readFileSync(chart)
    for (const { record } of contentOf(first, 'Observation')) {
      expect(source.includes(Buffer.from(record.plaintext))).toBe(true)
    }
    expect(contentOf(first, 'Observation')).toHaveLength(472)
  })

  test('17 requests of RxNorm 316672 are one line with 17 sources', () => {
    const lines = viewOfAsk(first).lines.filter(({ codes }) =>
      codes.some(({ system, code }) => system === rxnorm && code === '316672'),
    )
    expect(lines.map(({ sources }) => sources.length)).toEqual([17])
  })

  test('active 316672 and active 312961 are raised as a therapy conflict', () => {
    const { conflicts, lines } = viewOfAsk(first)
    const codesOf = (keys: readonly string[]) =>
      keys.map((key) => lines.find((line) => line.key === key)?.codes.find(({ system }) => system === rxnorm)?.code)
    const therapies = conflicts.filter(({ kind }) => kind === 'therapy').map((each) => codesOf(each.lines).sort())
    expect(therapies).toContainEqual(['312961', '316672'])
  })

  test('the same ask gives the same bytes of view, however often', () => {
    expect(equalBytes(viewBytes(viewOfAsk(first)), viewBytes(viewOfAsk(first)))).toBe(true)
  })

  test('one flipped byte in one vault makes that line, and that source, fail verification, and leaves the others complete', async () => {
    const [chosen] = contentOf(first, 'Immunization')
    if (!chosen) throw new Error('the chart has immunizations')
    const { custodian, record } = chosen
    const node = world.node(custodian)
    const key = node.exchange.custody.patientKey(custodian, patient)
    const where = node.exchange.custody.recordOf(key, record.statement.record)?.where
    if (!where) throw new Error('a released record is in custody')
    const pack = join(node.layout.vault, where.object)
    const bytes = readFileSync(pack)
    const at = where.offset + Math.floor(where.length / 2)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(pack, bytes)
    try {
      const view = viewOfAsk(await world.ask(visit, clinician))
      const states = Object.fromEntries(view.sources.map((each) => [each.custodian, each.state]))
      expect(states[custodian]).toMatchObject({ type: 'failed-verification', failed: 1 })
      for (const other of custodians.filter((each) => each !== custodian)) {
        expect(states[other]).toMatchObject({ type: 'complete' })
      }
      const broken = view.lines.filter(({ verified }) => !verified)
      expect(broken.map(({ sources }) => sources.map((each) => each.record))).toEqual([
        [toHex(record.statement.record)],
      ])
      expect(broken[0]).toMatchObject({ resourceType: 'Immunization', codes: [], value: null })
    } finally {
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      writeFileSync(pack, bytes)
    }
  })

  test('a label that the patient denies is withheld: 17 of 18 conditions and 28 of 33 medication requests remain', async () => {
    const label = {
      type: 'label' as const,
      name: 'not for this clinic',
      codes: [
        { system: snomed, code: '55680006' },
        { system: rxnorm, code: '1049221' },
        { system: rxnorm, code: '1860154' },
      ],
    }
    const grantee = { type: 'organisation' as const, id: clinic }
    const from = Math.floor(world.now())
    const deny = { effect: 'deny' as const, grantee, scope: label, purposes: [], from, until: null }
    for (const custodian of custodians) must(await client.changeDirectives(custodian, [deny]), 'a directive')
    const withheld = await world.ask(visit, clinician)
    expect(contentOf(withheld, 'Condition')).toHaveLength(17)
    expect(contentOf(withheld, 'MedicationRequest')).toHaveLength(28)
    expect(contentOf(withheld, 'Observation')).toHaveLength(472)
    const parts = withheld.sources.filter(({ reasons }) => reasons.length > 0)
    expect(parts.every(({ reasons }) => reasons.join() === 'directive-withholds')).toBe(true)
    expect(viewOfAsk(withheld).gaps).toContainEqual(
      expect.objectContaining({ type: 'source', state: 'part', codes: ['directive-withholds'] }),
    )
    await world.settled()
    await world.looks(client, (looks) => looks.length >= 2 * custodians.length)
    for (const custodian of custodians) {
      must(await client.openSpare(custodian), 'a spare')
      must(await client.changeDirectives(custodian, []), 'a directive')
    }
    expect(contentOf(await world.ask(visit, clinician), 'Condition')).toHaveLength(18)
  })

  test('what was entered in error vanishes from new views; its earlier receiver has a correction to acknowledge; the earlier view rebuilds byte for byte after a restart', async () => {
    const before = viewBytes(viewOfAsk(first))
    const chosen = contentOf(first, 'Condition').find(({ value }) =>
      value.code.coding.some((each: { code: string }) => each.code === '55680006'),
    )
    if (!chosen) throw new Error('the chart has a condition 55680006')
    const { custodian } = chosen
    await world.settled()
    const marked = await world
      .node(custodian)
      .exchange.run(({ corrections }) => corrections.enteredInError(custodian, patient, `Condition/${chosen.value.id}`))
    expect(marked).toMatchObject({ ok: true, value: { receivers: [clinic] } })

    const { corrections } = world.node(clinic).exchange
    await world.until(() => corrections.list().length > 0, 'the correction to arrive')
    const told = corrections.list()
    expect(told).toMatchObject([{ custodian, kind: 'entered-in-error', acknowledged: false }])
    expect(toHex(told[0]?.record ?? systemRandom(16))).toBe(toHex(chosen.record.statement.record))
    expect(world.node(custodian).exchange.outbox.waiting).toBeGreaterThan(0)

    // A version counts once its leaf is committed: until then the record is simply gone.
    await world.until(() => world.node(custodian).exchange.batches.idle, 'the correction to be committed')
    const second = await world.ask(visit, clinician)
    const conditions = (gathered: Gathered) =>
      viewOfAsk(gathered).lines.filter(({ codes }) =>
        codes.some(({ system, code }) => system === snomed && code === '55680006'),
      ).length
    expect([conditions(first), conditions(second)]).toEqual([1, 0])
    expect(contentOf(second, 'Condition')).toHaveLength(17)

    await world.node(clinic).exchange.run((exchange) => exchange.corrections.acknowledge(told[0]?.id ?? ''))
    await world.until(() => world.node(custodian).exchange.outbox.waiting === 0, 'the outbox to empty')
    expect(corrections.list()).toMatchObject([{ acknowledged: true }])

    await world.settled()
    const { data } = world
    await world.network.close()
    world = await World.start({ data, members: keepers })
    const again = world.node(clinic).exchange.requester.gathered(first.ask)
    if (!again) throw new Error('the ask is durable')
    expect(equalBytes(viewBytes(viewOfAsk(again)), before)).toBe(true)
  })
})
