import { type Directive, profiles, type RecordFacts } from '@plexus/policy'
import { describe, expect, test } from 'vitest'
import { directivesFor, givenTo, type Restriction, standingIn, without } from './restrictions.ts'

const now = 1_800_000_000
const restriction = (over: Partial<Restriction> = {}): Restriction => ({
  effect: 'deny',
  what: 'medications',
  who: 'anyone',
  until: null,
  ...over,
})
const made = (over: Partial<Restriction> = {}) => directivesFor(restriction(over), now)

const record = (resourceType: string, segment: RecordFacts['segment'] = 'general'): RecordFacts => ({
  record: new Uint8Array(16),
  segment,
  resourceType,
  codes: [],
})
const chart = [
  record('Condition'),
  record('MedicationRequest'),
  record('MedicationStatement'),
  record('Observation', 'reproductive'),
]
const given = (directives: readonly Directive[], who = 'clinic', at = now) =>
  givenTo(chart, directives, { who, profile: profiles.us, now: at }).count

describe('a restriction', () => {
  test('of a topic covers each of its types, and counts as one', () => {
    const directives = made()
    expect(directives.length).toBeGreaterThan(1)
    const places = [
      { custodian: 'hospital-1', directives },
      { custodian: 'hospital-2', directives },
    ]
    expect(standingIn(places)).toEqual([
      { key: expect.any(String), restriction: restriction(), custodians: ['hospital-1', 'hospital-2'] },
    ])
  })

  test('that is only a part of a topic does not pass for the topic', () => {
    const [first] = made()
    if (!first) throw new Error('no directive')
    expect(standingIn([{ custodian: 'hospital-1', directives: [first] }])).toMatchObject([{ restriction: null }])
  })

  test('is taken back whole, and nothing else is', () => {
    const [kept, lifted] = [made({ who: 'clinic' }), made({ what: 'part2', effect: 'permit' })]
    const all = [...kept, ...lifted]
    const standing = standingIn([{ custodian: 'hospital-1', directives: all }])
    const [, second] = standing
    expect(standing.map((each) => each.restriction?.what)).toEqual(['medications', 'part2'])
    expect(without(all, second?.key ?? '')).toEqual(kept)
  })
})

describe('what would change', () => {
  test('is counted with the rules that custodians run: sensitive topics are closed until they are opened', () => {
    expect(given([])).toBe(3)
    expect(given(made())).toBe(1)
    expect(given(made({ effect: 'permit', what: 'reproductive' }))).toBe(4)
    expect(given(made({ what: 'everything' }))).toBe(0)
  })

  test('is told apart by who asks: an organisation, a clinician, anyone else', () => {
    expect(given(made({ who: 'clinic' }))).toBe(1)
    expect(given(made({ who: 'clinic' }), 'anyone')).toBe(3)
    expect(given(made({ who: '1234567893' }), '1234567893')).toBe(1)
    expect(given(made({ who: '1234567893' }))).toBe(3)
  })

  test('ends with its time', () => {
    const until = now + 60
    expect(given(made({ until }))).toBe(1)
    expect(given(made({ until }), 'clinic', until)).toBe(3)
  })
})
