import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { assemble, entriesAt, entriesMax, sourcesMax } from './assemble.ts'
import {
  allergy,
  condition,
  entry,
  failedEntry,
  glucose,
  medication,
  only,
  recordId,
  resource,
  source,
  view,
  viewHeight,
} from './sources.testing.ts'
import { viewBytes } from './view-bytes.ts'

test('each source says how it stands, how many entries it gave and of which types', () => {
  const record = view(
    source('b', [entry(1, glucose('86')), entry(2, glucose('87')), entry(3, condition('1', 'active', '1956'))]),
    source('a', [], { type: 'withheld', code: 'restricted', exception: '171.202' }),
  )
  expect(
    record.sources.map(({ custodian, state, count, types }) => ({ custodian, state: state.type, count, types })),
  ).toEqual([
    { custodian: 'a', state: 'withheld', count: 0, types: {} },
    { custodian: 'b', state: 'complete', count: 3, types: { Condition: 1, Observation: 2 } },
  ])
  expect(record.entries).toBe(3)
  expect(record.mayBeIncomplete).toBe(true)
})

test('every source that is not complete is a named gap with its codes', () => {
  const record = view(
    source('a', [], { type: 'unavailable', code: 'timeout' }),
    source('b', [], { type: 'withheld', code: 'restricted', exception: null }),
    source('c', [], { type: 'part', height: 9, count: 0, of: null, reasons: ['summary-only'] }),
    source('d', []),
  )
  expect(record.gaps.filter((gap) => gap.type === 'source')).toEqual([
    { type: 'source', custodian: 'a', state: 'unavailable', codes: ['timeout'] },
    { type: 'source', custodian: 'b', state: 'withheld', codes: ['restricted'] },
    { type: 'source', custodian: 'c', state: 'part', codes: ['summary-only'] },
  ])
})

test('silence about allergies is a gap, and never "no known allergies"', () => {
  const record = view(source('a', [entry(1, glucose('86'))]))
  expect(record.gaps).toContainEqual(expect.objectContaining({ type: 'nothing-said', kind: 'allergies' }))
  expect(record.lines.some(({ absence }) => absence)).toBe(false)
  expect(new TextDecoder().decode(viewBytes(record))).not.toMatch(/no known/i)
})

test('only an explicit code says that no allergy is known', () => {
  const record = view(source('a', [entry(1, allergy('716186003'))]))
  expect(only(record.lines)).toMatchObject({ kind: 'allergies', absence: true })
  expect(record.gaps.some((gap) => gap.type === 'nothing-said' && gap.kind === 'allergies')).toBe(false)
  const refuted = allergy('716186003', { verificationStatus: { coding: [{ code: 'refuted' }] } })
  expect(only(view(source('a', [entry(1, refuted)])).lines)).toMatchObject({ absence: false })
  const text = allergy('7', { code: { text: 'No known allergies' } })
  expect(only(view(source('a', [entry(1, text)])).lines)).toMatchObject({ absence: false })
})

test('an entry that failed verification is a line that shows nothing of it, and the other entries stay', () => {
  const record = view(source('a', [entry(1, glucose('86')), failedEntry(2, 'Observation')]), source('b', []))
  const [shown, failed] = record.lines
  expect(shown).toMatchObject({ verified: true, value: { text: '86', unit: 'mg/dL' } })
  expect(failed).toMatchObject({
    kind: 'results',
    verified: false,
    status: 'verification-failed',
    display: 'verification failed',
    value: null,
    sources: [{ custodian: 'a', record: recordId(2) }],
  })
  expect(record.sources.map(({ state }) => state)).toEqual([
    { type: 'failed-verification', count: 2, of: 2, failed: 1 },
    { type: 'complete', height: viewHeight, count: 0, of: 0 },
  ])
})

test('a failed allergy entry does not count as something said about allergies', () => {
  const record = view(source('a', [failedEntry(1, 'AllergyIntolerance')]))
  expect(record.gaps.some((gap) => gap.type === 'nothing-said' && gap.kind === 'allergies')).toBe(true)
})

test('a source that says it is complete but gave fewer entries is shown as a part', () => {
  const state = { type: 'complete', height: 9, count: 2, of: 2 } as const
  const record = view(source('a', [entry(1, glucose('86'))], state))
  expect(record.sources[0]?.state).toEqual({ type: 'part', height: 9, count: 1, of: 2, reasons: ['count-mismatch'] })
})

test('an entry that its patient disputes is shown, says so, and carries what both sides said', () => {
  const dispute = { statement: 'it was never taken', denial: 'it was read twice' }
  const record = view(source('a', [entry(1, glucose('86'), { dispute })]))
  const line = only(record.lines)
  expect(line.value?.text).toBe('86')
  expect(line.cautions).toEqual(['disputed'])
  expect(line.sources).toMatchObject([{ dispute }])
})

test('a superseded version is not current, and nothing of its content is in the record', () => {
  const record = view(source('a', [entry(1, glucose('86')), entry(2, glucose('999'), { version: 2, replaces: 1 })]))
  expect(only(record.lines).value?.text).toBe('999')
  expect(record.omitted).toEqual([{ custodian: 'a', record: recordId(1), why: 'superseded' }])
  expect(new TextDecoder().decode(viewBytes(record))).not.toContain('"86"')
})

test('of two versions of one resource only the later is current, even if a version between them is missing', () => {
  const record = view(
    source('a', [
      entry(1, glucose('86', { id: 'x' })),
      entry(3, glucose('88', { id: 'x' }), { version: 3, replaces: 2 }),
    ]),
  )
  expect(only(record.lines).value?.text).toBe('88')
})

test('a version whose successor failed verification is not shown as current', () => {
  const record = view(source('a', [entry(1, glucose('86')), failedEntry(2, 'Observation', 1)]))
  expect(only(record.lines).verified).toBe(false)
})

test('no custodian supersedes an entry of another one', () => {
  const other = glucose('5', { effectiveDateTime: '1999-01-01' })
  const record = view(source('a', [entry(1, glucose('86'))]), source('b', [entry(2, other, { replaces: 1 })]))
  expect(record.lines).toHaveLength(2)
  expect(record.omitted).toEqual([])
})

test('an entry marked in error vanishes, and the view as of the earlier height rebuilds byte for byte', () => {
  const overdose = condition('55680006', 'active', '2004-07-30', { id: 'overdose' })
  const withdrawn = condition('55680006', 'active', '2004-07-30', {
    id: 'overdose',
    verificationStatus: { coding: [{ code: 'entered-in-error' }] },
  })
  const ask = { requester: 'member-5', purpose: 'TREAT' }
  const before = source('a', [entry(1, overdose, { committedAt: 4 }), entry(2, glucose('86'), { committedAt: 4 })])
  const earlier = assemble({ ...ask, sources: [before], height: 5 })
  const held = source('a', [...before.entries, entry(3, withdrawn, { version: 2, replaces: 1, committedAt: 7 })])

  const later = assemble({ ...ask, sources: [held], height: 8 })
  expect(later.lines.map(({ kind }) => kind)).toEqual(['results'])
  expect(later.omitted.map(({ why }) => why)).toEqual(['superseded', 'entered-in-error'])

  const again = assemble({ ...ask, sources: [{ ...entriesAt(held, 5), state: before.state }], height: 5 })
  expect(viewBytes(again)).toEqual(viewBytes(earlier))
  expect(viewBytes(later)).not.toEqual(viewBytes(earlier))
})

test('lines stand by kind, then newest first, and what has no readable date last', () => {
  const record = view(
    source('a', [
      entry(1, glucose('1', { effectiveDateTime: '1999-01-01T00:30:00+14:00' })),
      entry(2, glucose('2', { effectiveDateTime: '1998-12-31T23:00:00Z' })),
      entry(3, glucose('3', { effectiveDateTime: 'last spring' })),
      entry(4, glucose('4', { effectiveDateTime: '2001' })),
      entry(5, condition('1', 'active', '1900')),
    ]),
  )
  expect(record.lines.map(({ kind, value }) => value?.text ?? kind)).toEqual(['problems', '4', '2', '1', '3'])
  expect(record.lines.at(-1)).toMatchObject({ effective: 'last spring', cautions: ['date-not-readable'] })
})

test('an entry that cannot be understood becomes a line under "other"', () => {
  const record = view(source('a', [entry(1, resource({})), entry(2, resource({ resourceType: 'Bodkin' }))]))
  expect(record.lines.map(({ kind, resourceType }) => [kind, resourceType]).sort()).toEqual([
    ['other', 'Bodkin'],
    ['other', 'unknown'],
  ])
  expect(record.sources[0]?.types).toEqual({ Bodkin: 1, unknown: 1 })
})

test('a value without a UCUM unit is shown with a caution', () => {
  expect(only(view(source('a', [entry(1, glucose('86', {}, null))])).lines)).toMatchObject({
    value: { text: '86', unit: null },
    cautions: ['unit-missing-or-not-ucum'],
  })
})

test('a request that forbids a medication never makes it active', () => {
  const forbidden = medication('1', 'Warfarin Sodium 5 MG', 'active', '2001', { doNotPerform: true })
  const wanted = medication('1', 'Warfarin Sodium 5 MG', 'stopped', '2000')
  const record = view(source('a', [entry(1, forbidden), entry(2, wanted)]))
  expect(record.lines.map(({ status, cautions }) => [status, cautions])).toEqual([
    ['active', ['do-not-perform']],
    ['stopped', []],
  ])
})

test('the bytes of a view are JSON with sorted members', () => {
  const bytes = viewBytes(view(source('a', [entry(1, glucose('86'))])))
  const text = new TextDecoder().decode(bytes)
  expect(text.startsWith('{"algorithmVersion":2,"conflicts":[],"entries":1,')).toBe(true)
  expect(utf8(JSON.stringify(JSON.parse(text)))).toEqual(bytes)
})

test('a caller that breaks the shape of the input is stopped', () => {
  const one = source('a', [entry(1, glucose('86'))])
  expect(() => view(one, one)).toThrow('named twice')
  expect(() => view(source('a', [entry(1, glucose('86')), entry(1, glucose('87'))]))).toThrow('given twice')
  expect(() => view(source('a', [entry(1, glucose('86'), { committedAt: viewHeight + 1 })]))).toThrow(
    'above the height',
  )
  expect(() => view(source('a', one.entries, { type: 'unavailable', code: 'timeout' }))).toThrow('unavailable')
  expect(() => view(...Array.from({ length: sourcesMax + 1 }, (_, n) => source(`c${n}`, [])))).toThrow(RangeError)
  const many = new Array(entriesMax + 1).fill(entry(1, glucose('86')))
  expect(() => view(source('a', many))).toThrow(RangeError)
})

test('"no known allergy" under a modifier extension is not read as absence', () => {
  const modified = allergy('716186003', { modifierExtension: [{ url: 'urn:x' }] })
  expect(only(view(source('a', [entry(1, modified)])).lines)).toMatchObject({ absence: false })
})

test('an entry that names itself as superseded stays current', () => {
  expect(view(source('a', [entry(1, glucose('86'), { replaces: 1 })])).lines).toHaveLength(1)
})
