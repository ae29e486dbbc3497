import type { Line } from '@plexus/assembly'
import { expect, test } from 'vitest'
import { recordLines } from './record-text.ts'
import { plain } from './screen.ts'
import type { AskedRecord } from './staff.ts'

const line = (over: Partial<Line>): Line => ({
  key: 'line-1',
  kind: 'allergies',
  resourceType: 'AllergyIntolerance',
  codes: [],
  display: 'Peanut',
  status: 'active',
  statuses: {},
  effective: null,
  value: null,
  absence: false,
  verified: true,
  cautions: [],
  sources: [
    {
      custodian: 'hospital',
      record: '00',
      version: 1,
      status: null,
      date: null,
      value: null,
      echoOf: null,
      dispute: null,
    },
  ],
  independent: 1,
  ...over,
})

const asked = (over: Partial<AskedRecord['record']>): AskedRecord => ({
  ask: '00',
  settled: true,
  sources: [{ custodian: 'hospital', name: 'General Hospital', state: 'complete', code: null, exception: null }],
  record: {
    algorithmVersion: 2,
    requester: 'clinic',
    purpose: 'TREAT',
    height: 7,
    mayBeIncomplete: true,
    sources: [],
    lines: [],
    entries: 0,
    linked: 0,
    conflicts: [],
    gaps: [],
    omitted: [],
    ...over,
  },
})

const sectionOf = (record: AskedRecord, title: string): string => {
  const lines = recordLines(record)
  return lines
    .slice(lines.indexOf(title) + 1)
    .slice(0, 1)
    .join('')
}

test('silence about allergies is told as silence, and never as none', () => {
  expect(sectionOf(asked({}), 'Allergies')).toBe('  nothing said by any source; this does not mean none')
})

test('"none known" is told only when a source states it', () => {
  const none = line({ display: 'No known allergy', absence: true })
  expect(sectionOf(asked({ lines: [none] }), 'Allergies')).toBe(
    '  No known allergy [active]: 1 source entry from General Hospital (stated as absent)',
  )
})

test('a line that did not verify is no fact: the section stays silent', () => {
  expect(sectionOf(asked({ lines: [line({ verified: false })] }), 'Allergies')).toContain('nothing said')
})

test('a line in conflict is marked where it stands', () => {
  const record = asked({
    lines: [line({})],
    conflicts: [{ kind: 'allergy', lines: ['line-1'], why: 'sources disagree' }],
  })
  expect(sectionOf(record, 'Allergies')).toContain('in conflict, see below')
})

test('each state of a source is told in words, with the exception of 45 CFR 171', () => {
  const counts = { count: 3, shown: 2, failed: 1, omitted: 0, types: {} }
  const states = [
    [{ type: 'complete', height: 7, count: 3, of: 3 }, 'complete at block 7, 3 of 3 records'],
    [{ type: 'part', height: 7, count: 3, of: null, reasons: ['summary-only'] }, 'in part (summary-only), 3 records'],
    [{ type: 'withheld', code: 'head-closed', exception: '171.202(e)' }, 'withheld: head-closed (45 CFR 171.202(e))'],
    [{ type: 'unavailable', code: 'no-answer' }, 'unavailable: no-answer'],
    [{ type: 'failed-verification', count: 3, of: 3, failed: 1 }, 'verification failed: 1 of 3 records'],
  ] as const
  for (const [state, words] of states)
    expect(sectionOf(asked({ sources: [{ custodian: 'hospital', state, ...counts }] }), 'Sources')).toContain(words)
})

test('what a terminal would obey is taken out of what a chart says', () => {
  expect(plain('Pea\u001b[31mnut\u0007 \u202Etxt')).toBe('Pea\ufffd[31mnut\ufffd \ufffdtxt')
  const shown = sectionOf(asked({ lines: [line({ display: 'Peanut\u001b]0;title\u0007' })] }), 'Allergies')
  expect(shown).not.toMatch(/\p{Cc}/u)
})
