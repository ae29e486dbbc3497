import { existsSync, readFileSync } from 'node:fs'
import { isJsonList, isJsonObject, type JsonObject, readJson } from '@plexus/codec'
import { beforeAll, describe, expect, test } from 'vitest'
import { assemble } from './assemble.ts'
import { objectOf, objectsOf, textOf } from './members.ts'
import type { AssembledRecord, EntryInput, SourceInput } from './record.ts'
import { entry, failedEntry, source, viewHeight } from './sources.testing.ts'
import { viewBytes } from './view-bytes.ts'

const chart = new URL('../../../../shared/data/synthea/d0190651-b9b0-4513-8f3b-d542319220d1.json', import.meta.url)
const present = existsSync(chart)

/** The resources of a bundle, each at the organisation of its encounter; what names none at one of its own. */
function scattered(bytes: Uint8Array): readonly SourceInput[] {
  const document = readJson(bytes)
  if (!document.ok || !isJsonObject(document.value.value)) throw new Error('the chart is not a JSON object')
  const list = document.value.value.get('entry')
  const resources = (isJsonList(list) ? list : []).map((each) =>
    isJsonObject(each) ? objectOf(each, 'resource') : undefined,
  )
  const providers = new Map<string, string>()
  for (const each of resources) {
    const provider = textOf(objectOf(each, 'serviceProvider'), 'reference')
    if (provider !== null) providers.set(`urn:uuid:${textOf(each, 'id')}`, provider)
  }
  const custodians = new Map<string, EntryInput[]>()
  for (const [number, each] of resources.entries()) {
    if (!each) continue
    const custodian = providers.get(encounterOf(each)) ?? 'unnamed'
    custodians.set(custodian, [...(custodians.get(custodian) ?? []), entry(number, each)])
  }
  return [...custodians].map(([custodian, entries]) => source(custodian, entries))
}

function encounterOf(value: JsonObject): string {
  if (textOf(value, 'resourceType') === 'Encounter') return `urn:uuid:${textOf(value, 'id')}`
  const ofItem = objectsOf(objectsOf(value, 'item')[0], 'encounter')[0]
  return textOf(objectOf(value, 'encounter') ?? ofItem, 'reference') ?? ''
}

function assembled(sources: readonly SourceInput[]): AssembledRecord {
  return assemble({ sources, requester: 'member-5', purpose: 'TREAT', height: viewHeight })
}

describe.skipIf(!present)('the chart of patient d0190651… (needs ../shared/data)', () => {
  let sources: readonly SourceInput[] = []
  let record: AssembledRecord
  beforeAll(() => {
    sources = scattered(readFileSync(chart))
    record = assembled(sources)
  })

  test('sums over its sources to the known counts', () => {
    const sum = (type: string) => record.sources.reduce((total, { types }) => total + (types[type] ?? 0), 0)
    expect(record.entries).toBe(893)
    expect(['Observation', 'DiagnosticReport', 'MedicationRequest', 'Condition', 'Encounter'].map(sum)).toEqual([
      472, 36, 33, 18, 80,
    ])
    const encounters = record.sources.map(({ types }) => types['Encounter'] ?? 0).filter((count) => count > 0)
    expect(encounters.sort((a, b) => b - a)).toEqual([49, 19, 11, 1])
  })

  test('shows 17 requests of RxNorm 316672 as one line, 16 stopped and 1 active', () => {
    const lines = record.lines.filter(({ codes }) => codes.some(({ code }) => code === '316672'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ status: 'active', statuses: { active: 1, stopped: 16 }, independent: 17 })
    expect(lines[0]?.sources).toHaveLength(17)
  })

  test('raises active simvastatin 10 MG and 20 MG as a therapy conflict', () => {
    const codesIn = (keys: readonly string[]) =>
      record.lines.filter(({ key }) => keys.includes(key)).flatMap(({ codes }) => codes.map(({ code }) => code))
    const therapies = record.conflicts
      .filter(({ kind }) => kind === 'therapy')
      .map(({ lines }) => codesIn(lines).sort())
    expect(therapies).toContainEqual(['312961', '316672'])
  })

  test('names the silence about allergies', () => {
    expect(record.gaps.map((gap) => gap.type === 'nothing-said' && gap.kind)).toEqual(['allergies'])
  })

  test('shows one failed line at the source with the flipped byte, and the other sources complete', () => {
    const [first, ...others] = sources
    if (!first) throw new Error('no source')
    const { state, entries, custodian } = first
    const record = assembled([
      { custodian, state, entries: [failedEntry(0, 'Observation'), ...entries.slice(1)] },
      ...others,
    ])
    expect(record.lines.filter(({ verified }) => !verified)).toHaveLength(1)
    const states = new Map(record.sources.map((report) => [report.custodian, report.state.type]))
    expect(states.get(custodian)).toBe('failed-verification')
    expect([...states.values()].filter((type) => type === 'complete')).toHaveLength(others.length)
  })

  test('rebuilds byte for byte from the sources in another order', () => {
    const turned = sources.toReversed().map((each) => ({ ...each, entries: each.entries.toReversed() }))
    expect(viewBytes(assembled(turned))).toEqual(viewBytes(record))
  })
})
