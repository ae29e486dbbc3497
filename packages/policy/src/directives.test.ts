import { existsSync, readFileSync } from 'node:fs'
import { isJsonList, isJsonObject, type JsonValue, readJson } from '@plexus/codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide, type RecordFacts } from './decide.ts'
import { type DirectiveQuestion, type Judgement, judge } from './directives.ts'
import {
  clinician,
  coded,
  directive,
  filled,
  inSegment,
  now,
  record,
  request,
  rxnorm,
  setOf,
  snomed,
} from './requests.testing.ts'
import type { Directive } from './statements.ts'

const asked = (directives: readonly Directive[]): DirectiveQuestion => ({
  directives,
  requester: 'emergency',
  clinician,
  purpose: 'TREAT',
  earliest: now,
  latest: now,
})
const overdose = coded(1, 'Condition', '55680006')
const said = (directives: readonly Directive[], of: RecordFacts | null = overdose): Judgement =>
  judge(asked(directives), of)

const label = (codes: readonly (readonly [string, string])[]) =>
  ({ type: 'label', name: 'SUD', codes: codes.map(([system, code]) => ({ system, code })) }) as const
const scopes = [
  { type: 'everything' },
  { type: 'type', resourceType: 'Condition' },
  { type: 'segment', segment: 'general' },
  label([[snomed, '55680006']]),
  { type: 'entry', record: filled(16, 1) },
] as const
const grantees = [
  { type: 'anyone' },
  { type: 'organisation', id: 'emergency' },
  { type: 'practitioner', npi: clinician },
] as const

test('a patient who said nothing is silent, and no directive speaks for the chart as a whole but one about everything', () => {
  expect(said([])).toBe('silent')
  expect(
    said(
      scopes.slice(1).map((scope) => directive('deny', { scope })),
      null,
    ),
  ).toBe('silent')
  expect(said([directive('deny')], null)).toBe('deny')
})

describe('the most specific directive speaks', () => {
  /** class and segment are equally narrow. */
  const ranks = [0, 1, 1, 2, 3]

  test('whatever the order, whoever it names: entry before label before class before everything', () => {
    for (const [wide, wider] of scopes.entries())
      for (const [narrow, narrower] of scopes.entries()) {
        if ((ranks[wide] as number) >= (ranks[narrow] as number)) continue
        for (const grantee of grantees) {
          const deny = directive('deny', { scope: wider, grantee })
          const permit = directive('permit', { scope: narrower })
          expect(said([deny, permit])).toBe('permit')
          expect(said([permit, deny])).toBe('permit')
        }
      }
  })
  test('within one scope: a named person before a named organisation before anyone', () => {
    for (const scope of scopes)
      for (const [at, grantee] of grantees.entries())
        for (const other of grantees.slice(at + 1)) {
          const [general, named] = [
            directive('deny', { scope, grantee }),
            directive('permit', { scope, grantee: other }),
          ]
          expect(said([general, named])).toBe('permit')
          expect(said([named, general])).toBe('permit')
        }
  })
  test('a class and a segment are equally narrow, and the deny wins', () => {
    const [, type, segment] = scopes
    expect(said([directive('permit', { scope: type }), directive('deny', { scope: segment })])).toBe('deny')
    expect(said([directive('deny', { scope: type }), directive('permit', { scope: segment })])).toBe('deny')
  })
})

test('of two directives that say the opposite of the same, the deny wins in any order', () => {
  for (const scope of scopes)
    for (const grantee of grantees) {
      const [deny, permit] = [directive('deny', { scope, grantee }), directive('permit', { scope, grantee })]
      expect(said([deny, permit])).toBe('deny')
      expect(said([permit, deny])).toBe('deny')
    }
})

const anyDirective = fc.record({
  effect: fc.constantFrom('deny' as const, 'permit' as const),
  grantee: fc.constantFrom(...grantees, { type: 'organisation' as const, id: 'clinic' }),
  scope: fc.constantFrom(...scopes, { type: 'entry' as const, record: filled(16, 2) }),
  purposes: fc.constantFrom([], ['TREAT' as const], ['HPAYMT' as const]),
  from: fc.constantFrom(now - 10, now + 10),
  until: fc.constantFrom(null, now - 5, now + 5),
})

test('the order in which directives stand means nothing', () => {
  fc.assert(
    fc.property(fc.array(anyDirective, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (directives, order) => {
      const shuffled = directives
        .map((each) => ({ each, at: order.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ each }) => each)
      expect(said(shuffled)).toBe(said(directives))
    }),
  )
})

test('one more deny never opens anything, one more permit never closes anything', () => {
  const openness = { deny: 0, silent: 1, permit: 2 }
  fc.assert(
    fc.property(fc.array(anyDirective, { maxLength: 6 }), anyDirective, (directives, more) => {
      const [before, after] = [said(directives), said([...directives, more])]
      // Silence gives way to whatever is said; whether silence opens is the profile's matter.
      if (before === 'silent') expect([more.effect, 'silent']).toContain(after)
      else if (more.effect === 'deny') expect(openness[after]).toBeLessThanOrEqual(openness[before])
      else expect(openness[after]).toBeGreaterThanOrEqual(openness[before])
    }),
  )
})

describe('whom and when a directive speaks of', () => {
  test('another organisation, another person, another purpose: silent', () => {
    for (const more of [
      { grantee: { type: 'organisation', id: 'clinic' } },
      { grantee: { type: 'practitioner', npi: '1000000004' } },
      { purposes: ['HPAYMT', 'HOPERAT'] },
    ] as const)
      expect(said([directive('deny', more)])).toBe('silent')
  })
  test('from its first second to the one before its end', () => {
    expect(said([directive('permit', { from: now, until: now + 1 })])).toBe('permit')
    expect(said([directive('permit', { from: now + 1 })])).toBe('silent')
    expect(said([directive('permit', { until: now })])).toBe('silent')
  })
  test('where two clocks disagree, a deny begins with the later clock and ends with the earlier one, a permit the other way', () => {
    const between = (effect: 'deny' | 'permit', more: Partial<Directive>): Judgement =>
      judge({ ...asked([directive(effect, more)]), earliest: now - 10, latest: now }, overdose)
    expect(between('deny', { from: now - 5 })).toBe('deny')
    expect(between('permit', { from: now - 5 })).toBe('silent')
    expect(between('deny', { until: now - 5 })).toBe('deny')
    expect(between('permit', { until: now - 5 })).toBe('silent')
  })
})

describe('codes of a label', () => {
  test('match by system and code', () => {
    const scope = label([[snomed, '55680006']])
    expect(said([directive('deny', { scope })], coded(1, 'Condition', '55680006'))).toBe('deny')
    expect(said([directive('deny', { scope })], coded(1, 'Condition', '38341003'))).toBe('silent')
    expect(said([directive('deny', { scope })], coded(1, 'Condition', '55680006', rxnorm))).toBe('silent')
  })
  test('any code of the label suffices', () => {
    const codes = [
      [rxnorm, '1049221'],
      [snomed, '55680006'],
    ] as const
    for (const effect of ['deny', 'permit'] as const)
      expect(said([directive(effect, { scope: label(codes) })])).toBe(effect)
  })
  test('any code of the entry suffices', () => {
    const codes = [
      { system: rxnorm, code: '1049221' },
      { system: snomed, code: '55680006' },
    ]
    expect(said([directive('deny', { scope: label([[snomed, '55680006']]) })], record(1, 'Condition', { codes }))).toBe(
      'deny',
    )
  })
  test('of an unknown system add nothing to a permit, and deny wherever they stand', () => {
    const unknown = [
      [label([['', '55680006']]), coded(1, 'Condition', '55680006')],
      [label([[snomed, '55680006']]), coded(1, 'Condition', '55680006', '')],
      [label([['', '55680006']]), coded(1, 'Condition', '55680006', '')],
    ] as const
    for (const [scope, of] of unknown) {
      expect(said([directive('permit', { scope })], of)).toBe('silent')
      expect(said([directive('deny', { scope })], of)).toBe('deny')
    }
  })
  test('an entry without codes carries no label', () => {
    expect(said([directive('deny', { scope: label([[snomed, '55680006']]) })], record(1, 'Condition'))).toBe('silent')
  })
})

test('a segment and a class are matched by name', () => {
  expect(said([directive('deny', { scope: { type: 'segment', segment: 'part2' } })], inSegment(1, 'part2'))).toBe(
    'deny',
  )
  expect(said([directive('deny', { scope: { type: 'segment', segment: 'part2' } })])).toBe('silent')
  expect(said([directive('deny', { scope: { type: 'type', resourceType: 'Observation' } })])).toBe('silent')
})

const chart = new URL('../../../../shared/data/synthea/d0190651-b9b0-4513-8f3b-d542319220d1.json', import.meta.url)
const present = existsSync(chart)

describe('a chart of four hospitals whose patient denies a label to all but one', () => {
  const sud = label([
    [snomed, '55680006'],
    [rxnorm, '1049221'],
    [rxnorm, '1860154'],
  ])
  const set = setOf(
    directive('deny', { scope: sud }),
    directive('permit', { scope: sud, grantee: { type: 'organisation', id: 'hospital-four' } }),
  )
  const countsFor = (requester: string): Readonly<Record<string, number>> => {
    const records = recordsOf(readFileSync(chart))
    const base = request({ patient: { records, set } })
    const decision = decide({
      ...base,
      intent: { ...base.intent, requester, clinician: { npi: clinician, organisation: requester } },
      evidence: base.evidence.map((each) => ({ ...each, content: { ...each.content, requester } })),
    })
    if (decision.type === 'refuse') throw new Error(decision.code)
    const counts: Record<string, number> = {}
    for (const index of decision.released) {
      const type = (records[index] as RecordFacts).resourceType
      counts[type] = (counts[type] ?? 0) + 1
    }
    return counts
  }

  test.skipIf(!present)(
    'the emergency department gets 17 of 18 conditions and 28 of 33 orders (needs ../shared/data)',
    () => {
      expect(countsFor('emergency')).toMatchObject({
        Condition: 17,
        MedicationRequest: 28,
        Observation: 472,
        DiagnosticReport: 36,
      })
    },
  )
  test.skipIf(!present)('the one hospital gets everything (needs ../shared/data)', () => {
    expect(countsFor('hospital-four')).toMatchObject({
      Condition: 18,
      MedicationRequest: 33,
      Observation: 472,
      DiagnosticReport: 36,
    })
  })
})

/** Each entry of a transaction bundle with every coding that stands in it. */
function recordsOf(source: Uint8Array): readonly RecordFacts[] {
  const read = readJson(source)
  if (!read.ok || !isJsonObject(read.value.value)) throw new Error('the chart is not readable')
  const entries = read.value.value.get('entry')
  if (!isJsonList(entries)) throw new Error('the chart has no entries')
  return entries.map((entry, index) => {
    const resource = isJsonObject(entry) ? entry.get('resource') : undefined
    if (!resource || !isJsonObject(resource)) throw new Error(`entry ${index} has no resource`)
    const codes: { readonly system: string; readonly code: string }[] = []
    collectCodes(resource, codes)
    return {
      record: Uint8Array.of(index >> 8, index & 255, ...new Uint8Array(14)),
      segment: 'general',
      resourceType: String(resource.get('resourceType')),
      codes,
    }
  })
}

function collectCodes(value: JsonValue, codes: { readonly system: string; readonly code: string }[]): void {
  if (isJsonList(value)) for (const each of value) collectCodes(each, codes)
  if (!isJsonObject(value)) return
  const [system, code] = [value.get('system'), value.get('code')]
  if (typeof system === 'string' && typeof code === 'string') codes.push({ system, code })
  for (const each of value.values()) collectCodes(each, codes)
}
