import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changesSince } from './changes.ts'
import { allergy, condition, entry, failedEntry, glucose, medication, source, view } from './sources.testing.ts'

const diabetes = entry(1, condition('44054006', 'active', '2001-02-03'))
const sugar = entry(2, glucose('101'))
const pill = entry(3, medication('316672', 'Simvastatin 10 MG', 'active', '2020-01-01'))
const before = view(source('hospital-1', [diabetes, sugar, pill]))

const told = (now: ReturnType<typeof view>, since = before) =>
  changesSince(since, now).changes.map((change) => [
    change.type,
    (change.type === 'gone' ? change.before : change.line).display,
    ...(change.type === 'changed' ? change.parts : []),
  ])

test('a record that is the same has no changes, whatever its height', () => {
  expect(changesSince(before, before)).toEqual({ since: before.height, changes: [], notCompared: [] })
})

describe('an entry', () => {
  test('that was not there is new', () => {
    expect(told(view(source('hospital-1', [diabetes, sugar, pill, entry(4, allergy('91936005'))])))).toEqual([
      ['new', 'allergy 91936005'],
    ])
  })
  test('that is not there any more is gone', () => {
    expect(told(view(source('hospital-1', [diabetes, pill])))).toEqual([['gone', 'Glucose']])
  })
  test('of which there is a new version is changed, and it is said in what', () => {
    const resolved = entry(9, condition('44054006', 'resolved', '2001-02-03'), { version: 2, replaces: 1 })
    expect(told(view(source('hospital-1', [resolved, sugar, pill])))).toEqual([
      ['changed', 'condition 44054006', 'status'],
    ])
    const corrected = entry(9, glucose('99'), { version: 2, replaces: 2 })
    expect(told(view(source('hospital-1', [diabetes, corrected, pill])))).toEqual([['changed', 'Glucose', 'value']])
  })
  test('of a medicine is one for each code: a new prescription changes its date', () => {
    const again = entry(9, medication('316672', 'Simvastatin 10 MG', 'active', '2021-01-01'))
    expect(told(view(source('hospital-1', [diabetes, sugar, pill, again])))).toEqual([
      ['changed', 'Simvastatin 10 MG', 'date'],
    ])
  })
  test('that two sources have now, and one had, is the same', () => {
    const there = entry(7, condition('44054006', 'active', '2001-02-03'))
    const both = view(source('hospital-1', [diabetes, sugar, pill]), source('hospital-2', [there]))
    expect(told(both)).toEqual([])
  })
  test('that did not verify is compared with nothing', () => {
    const failed = view(source('hospital-1', [diabetes, sugar, pill, failedEntry(8, 'Condition')]))
    expect(changesSince(failed, failed).changes).toEqual([])
  })
  test('is found by its own name before a like one takes its place', () => {
    const [one, other] = [entry(1, glucose('101')), entry(2, glucose('102', { status: 'preliminary' }))]
    const earlier = view(source('hospital-1', [one, other]))
    expect(told(view(source('hospital-1', [other])), earlier)).toEqual([['gone', 'Glucose']])
  })
})

describe('a source', () => {
  test('that refused, or gave another part, is not compared, and is named', () => {
    const refused = source('hospital-2', [], { type: 'withheld', code: 'directive-denies', exception: null })
    const gave = source('hospital-2', [entry(5, allergy('91936005'))])
    const part = (...reasons: readonly string[]) =>
      source('hospital-3', [pill], { type: 'part', height: 9, count: 1, of: null, reasons })
    const earlier = view(source('hospital-1', [diabetes]), gave, part('summary-only'))
    const now = view(source('hospital-1', [diabetes]), refused, part('segment-closed'))
    expect(changesSince(earlier, now)).toMatchObject({ changes: [], notCompared: ['hospital-2', 'hospital-3'] })
    expect(changesSince(now, earlier)).toMatchObject({ changes: [], notCompared: ['hospital-2', 'hospital-3'] })
  })
  test('that gave the same part both times is compared', () => {
    const part = (entries: Parameters<typeof source>[1]) =>
      view(source('hospital-1', entries, { type: 'part', height: 9, count: entries.length, of: null, reasons: ['x'] }))
    expect(told(part([diabetes, pill]), part([diabetes]))).toEqual([['new', 'Simvastatin 10 MG']])
  })
  test('that nobody asked before is not compared, and is named', () => {
    const now = view(source('hospital-1', [diabetes, sugar, pill]), source('hospital-2', [entry(5, allergy('1'))]))
    expect(changesSince(before, now)).toMatchObject({ changes: [], notCompared: ['hospital-2'] })
  })
})

test('what is new one way is gone the other way, in whatever order entries come', () => {
  const entries = [
    diabetes,
    sugar,
    pill,
    entry(4, allergy('91936005')),
    entry(5, condition('1', 'active', '2010-01-01')),
  ]
  fc.assert(
    fc.property(fc.subarray(entries), fc.shuffledSubarray(entries), (a, b) => {
      const [one, other] = [view(source('hospital-1', a)), view(source('hospital-1', b))]
      const names = (from: typeof one, to: typeof one, type: 'gone' | 'new') =>
        told(to, from)
          .filter(([each]) => each === type)
          .map(([, display]) => display)
          .sort()
      expect(names(one, other, 'new')).toEqual(names(other, one, 'gone'))
    }),
  )
})
