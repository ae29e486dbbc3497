import type { JsonObject } from '@plexus/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EntryInput, SourceInput } from './record.ts'
import { allergy, condition, entry, failedEntry, glucose, jsonOf, medication, source, view } from './sources.testing.ts'
import { viewBytes } from './view-bytes.ts'

// A small world, so that entries meet: three custodians, few codes, dates, ids and values.
const uuid = 'd0190651-b9b0-4513-8f3b-d542319220d1'
const id = fc.constantFrom({}, { id: uuid }, { id: '17' })
const identifier = fc.constantFrom(
  {},
  { identifier: [{ system: 'urn:lab', value: '7' }] },
  {
    identifier: [
      { system: 'urn:lab', value: '7' },
      { system: 'urn:order', value: '1' },
    ],
  },
  {
    identifier: [
      { system: 'urn:order', value: '2' },
      { system: 'urn:lab', value: '7' },
    ],
  },
)
const date = fc.constantFrom('2001', '2001-01-01T10:00:00Z', '2001-01-01T12:00:00+02:00', 'once')
const meta = fc.constantFrom({}, { meta: { source: 'Organization/a' } }, { meta: { source: 'Organization/b' } })
const more = fc.tuple(id, identifier, meta).map(([a, b, c]) => ({ ...a, ...b, ...c }))
const status = fc.constantFrom('final', 'active', 'stopped', 'entered-in-error')

const clinical: fc.Arbitrary<JsonObject> = fc.oneof(
  fc
    .tuple(fc.constantFrom('1.1', '1.10', '2'), date, status, more, fc.constantFrom('mg/dL', null))
    .map(([number, effectiveDateTime, said, rest, unit]) =>
      glucose(number, { effectiveDateTime, status: said, ...rest }, unit),
    ),
  fc
    .tuple(fc.constantFrom('316672', '312961'), date, status, more)
    .map(([code, when, said, rest]) => medication(code, 'Simvastatin', said, when, rest)),
  fc
    .tuple(fc.constantFrom('active', 'resolved'), date, more)
    .map(([said, when, rest]) => condition('38341003', said, when, rest)),
  fc.tuple(fc.constantFrom('716186003', '300916003'), more).map(([code, rest]) => allergy(code, rest)),
)

/** Anything that JSON can say, under the names that the rules read. */
const odd: fc.Arbitrary<JsonObject> = fc
  .dictionary(
    fc.constantFrom(
      'resourceType',
      'id',
      'meta',
      'code',
      'status',
      'identifier',
      'component',
      'valueQuantity',
      'valueRatio',
      'period',
      'target',
      'agent',
      'performer',
      'medicationReference',
      'clinicalStatus',
      'category',
      'name',
      '__proto__',
    ),
    fc.oneof(fc.constantFrom('Provenance', 'MedicationRequest', 'Observation', '2001'), fc.jsonValue({ maxDepth: 4 })),
  )
  .map((members) => jsonOf(members as never) as JsonObject)

const given = fc.record({
  value: fc.option(fc.oneof({ weight: 5, arbitrary: clinical }, { weight: 1, arbitrary: odd }), { freq: 12 }),
  version: fc.integer({ min: 1, max: 2 }),
  replaces: fc.option(fc.integer({ min: 0, max: 11 }), { freq: 5, nil: undefined }),
  committedAt: fc.integer({ min: 1, max: 9 }),
})

const sources: fc.Arbitrary<readonly SourceInput[]> = fc
  .array(fc.array(given, { maxLength: 6 }), { minLength: 1, maxLength: 3 })
  .map((perSource) =>
    perSource.map((entries, custodian) =>
      source(
        ['a', 'b', 'c'][custodian] ?? '',
        entries.map(({ value, replaces, ...rest }, index): EntryInput => {
          const number = custodian * 6 + index
          if (value === null) return failedEntry(number, 'Observation', replaces)
          return entry(number, value, replaces === undefined ? rest : { ...rest, replaces })
        }),
      ),
    ),
  )

test('the order in which sources and entries are given changes no byte', () => {
  const shuffled = sources.chain((ordered) =>
    fc
      .tuple(
        fc.shuffledSubarray([...ordered], { minLength: ordered.length }),
        fc.tuple(...ordered.map(({ entries }) => fc.shuffledSubarray([...entries], { minLength: entries.length }))),
      )
      .map(([others, entries]) => ({
        ordered,
        others: others.map((each) => ({ ...each, entries: entries[ordered.indexOf(each)] ?? [] })),
      })),
  )
  fc.assert(
    fc.property(shuffled, ({ ordered, others }) => {
      expect(viewBytes(view(...others))).toEqual(viewBytes(view(...ordered)))
    }),
    { numRuns: 300 },
  )
})

test('no entry is lost and none is shown twice: each is in exactly one line, or omitted with its reason', () => {
  fc.assert(
    fc.property(sources, (all) => {
      const record = view(...all)
      const shown = record.lines.flatMap((line) => line.sources.map((each) => `${each.custodian}/${each.record}`))
      const omitted = record.omitted.map((each) => `${each.custodian}/${each.record}`)
      const wanted = all.flatMap(({ custodian, entries }) => entries.map(({ record: id }) => `${custodian}/${id}`))
      expect([...shown, ...omitted].sort()).toEqual([...wanted].sort())
    }),
    { numRuns: 300 },
  )
})

test('the counts add up, keys are unique, and conflicts name lines that are there', () => {
  fc.assert(
    fc.property(sources, (all) => {
      const { sources: reports, lines, entries, linked, conflicts, omitted } = view(...all)
      expect(entries).toBe(all.reduce((sum, each) => sum + each.entries.length, 0))
      for (const report of reports) {
        expect(report.shown + report.failed + report.omitted).toBe(report.count)
        expect(Object.values(report.types).reduce((sum, count) => sum + count, 0)).toBe(report.shown)
      }
      const inLines = lines.flatMap((line) => line.sources)
      expect(inLines.length + omitted.length).toBe(entries)
      expect(linked).toBe(inLines.length - lines.filter((line) => line.sources.length === 1).length)
      const keys = new Set(lines.map(({ key }) => key))
      expect(keys.size).toBe(lines.length)
      for (const conflict of conflicts) for (const key of conflict.lines) expect(keys).toContain(key)
    }),
    { numRuns: 300 },
  )
})

test('an echo never echoes an echo, and has another custodian than its origin', () => {
  let seen = 0
  fc.assert(
    fc.property(sources, (all) => {
      const inLines = view(...all).lines.flatMap((line) => line.sources)
      for (const { custodian, echoOf } of inLines) {
        if (!echoOf) continue
        seen++
        expect(echoOf.custodian).not.toBe(custodian)
        const origin = inLines.find((each) => each.custodian === echoOf.custodian && each.record === echoOf.record)
        expect(origin?.echoOf).toBeNull()
      }
    }),
    { numRuns: 300 },
  )
  expect(seen).toBeGreaterThan(0)
})

test('absence of allergies is never said unless an entry says it in a code', () => {
  fc.assert(
    fc.property(sources, (all) => {
      for (const line of view(...all).lines) {
        if (line.absence) expect(line.codes.map(({ code }) => code)).toContain('716186003')
      }
    }),
  )
})
