import { absenceOf } from './absence.ts'
import type { Cluster } from './clusters.ts'
import type { Echoes } from './echoes.ts'
import type { Entry, FailedEntry } from './entry.ts'
import { rxNormSystem } from './ingredients.ts'
import { kindOf, kinds } from './kind.ts'
import { type Moment, momentOf, newestFirst } from './moment.ts'
import { compareText, gather, keyOf } from './order.ts'
import type { Caution, Line, LineSource } from './record.ts'
import { shownValue, valueKey } from './value.ts'

/** A line, and the entries it was made of. */
export interface EntryLine {
  readonly line: Line
  readonly entries: readonly Entry[]
}

/** One line per cluster; coded medication requests instead form one line per code, whatever else links them. */
export function linesOf(clusters: readonly Cluster[], echoes: Echoes): readonly EntryLine[] {
  const groups = new Map<string, Entry[]>()
  for (const { entries } of clusters) {
    const first = [...entries].sort(compareEntries)[0]
    if (!first) continue
    const clusterKey = `entry:${keyOf(first.facts.resourceType, first.custodian, first.input.record)}`
    for (const entry of entries) gather(groups, medicationKey(entry) ?? clusterKey, entry)
  }
  return [...groups].map(([key, entries]) => ({ line: lineOf(key, entries, echoes), entries }))
}

/** The code that makes a line: the first RxNorm code, else the first code; none if a modifier changes the meaning. */
function medicationKey({ facts }: Entry): string | undefined {
  if (facts.resourceType !== 'MedicationRequest' || facts.modified) return undefined
  const coding = facts.codes.find(({ system }) => system === rxNormSystem) ?? facts.codes[0]
  if (!coding) return undefined
  return `code:${keyOf(facts.resourceType, coding.system, coding.code, facts.forbids ? 'do-not-perform' : '')}`
}

function lineOf(key: string, group: readonly Entry[], echoes: Echoes): Line {
  const entries = [...group].sort(compareEntries)
  const byMedication = key.startsWith('code:')
  const own = entries.filter((entry) => !echoes.has(entry))
  // A line needs a face even if each of its entries echoes one in another line (one prescription, coded differently).
  const faces = own.length > 0 ? own : entries
  const face = (byMedication && faces.find(isActive)) || (faces[0] as Entry)
  const { facts } = face
  const disagree = !byMedication && new Set(entries.map((entry) => valueKey(entry.facts.value))).size > 1
  const kind = kindOf(facts.resourceType)
  return {
    key,
    kind,
    resourceType: facts.resourceType,
    codes: facts.codes,
    display: facts.display ?? facts.codes[0]?.code ?? facts.resourceType,
    status: byMedication && entries.some(isActive) ? 'active' : statusOf(face),
    statuses: countsOf(faces.map((entry) => statusOf(entry) ?? 'not-stated')),
    effective: facts.date,
    value: disagree ? null : shownValue(facts.value),
    absence: absenceOf(facts) !== undefined,
    verified: true,
    cautions: cautionsOf(entries, disagree),
    sources: entries.map((entry) => sourceOf(entry, echoes)),
    independent: own.length,
  }
}

/** What may be read as the standing of an entry: its clinical status where it has one. */
function statusOf({ facts }: Entry): string | null {
  return facts.clinicalStatus ?? facts.status
}

export function isActive({ facts }: Entry): boolean {
  return facts.status === 'active' && !facts.forbids && !facts.modified
}

function sourceOf(entry: Entry, echoes: Echoes): LineSource {
  const origin = echoes.get(entry)
  return {
    custodian: entry.custodian,
    record: entry.input.record,
    version: entry.input.version,
    status: statusOf(entry),
    date: entry.facts.date,
    value: shownValue(entry.facts.value),
    echoOf: origin ? { custodian: origin.custodian, record: origin.input.record } : null,
    dispute: entry.input.dispute,
  }
}

function cautionsOf(entries: readonly Entry[], disagree: boolean): readonly Caution[] {
  const holds = (test: (entry: Entry) => boolean) => entries.some(test)
  const cautions: readonly (readonly [Caution, boolean])[] = [
    ['disputed', holds(({ input }) => input.dispute !== null)],
    ['values-disagree', disagree],
    ['do-not-perform', holds(({ facts }) => facts.forbids)],
    ['modifier-extension', holds(({ facts }) => facts.modified)],
    [
      'unit-missing-or-not-ucum',
      holds(({ facts: { resourceType, value } }) => {
        if (resourceType !== 'Observation' || value === null) return false
        const parts =
          value.type === 'components' ? [value.whole, ...value.components.map((part) => part.value)] : [value]
        return parts.some((part) => part?.type === 'quantity' && part.ucum === null)
      }),
    ],
    ['date-not-readable', holds(({ facts }) => facts.date !== null && momentOf(facts.date) === undefined)],
    ['not-understood', holds(({ facts }) => facts.resourceType === 'unknown')],
  ]
  return cautions.filter(([, applies]) => applies).map(([caution]) => caution)
}

/** A line that says only that something of this source could not be verified; nothing of it is shown as fact. */
export function failedLineOf({ custodian, input }: FailedEntry): Line {
  const status = 'verification-failed'
  const resourceType = input.resourceType ?? 'unknown'
  return {
    key: `failed:${keyOf(custodian, input.record)}`,
    kind: kindOf(resourceType),
    resourceType,
    codes: [],
    display: 'verification failed',
    status,
    statuses: { [status]: 1 },
    effective: null,
    value: null,
    absence: false,
    verified: false,
    cautions: input.dispute ? ['disputed'] : [],
    sources: [
      {
        custodian,
        record: input.record,
        version: input.version,
        status,
        date: null,
        value: null,
        echoOf: null,
        dispute: input.dispute,
      },
    ],
    independent: 1,
  }
}

/** Counts per text; the keys in code unit order. */
export function countsOf(texts: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a], [b]) => compareText(a, b)))
}

/** Within a line: newest first, then by custodian and record. */
function compareEntries(a: Entry, b: Entry): number {
  return (
    newestFirst(momentIn(a.facts.date), momentIn(b.facts.date)) ||
    compareText(a.custodian, b.custodian) ||
    compareText(a.input.record, b.input.record)
  )
}

function momentIn(date: string | null): Moment | undefined {
  return date === null ? undefined : momentOf(date)
}

/** By kind; then newest first, with lines that have no readable date after the others; then by key. */
export function inOrder(lines: readonly Line[]): readonly Line[] {
  return lines
    .map((line) => ({ line, rank: kinds.indexOf(line.kind), moment: momentIn(line.effective) }))
    .sort((a, b) => a.rank - b.rank || newestFirst(a.moment, b.moment) || compareText(a.line.key, b.line.key))
    .map(({ line }) => line)
}
