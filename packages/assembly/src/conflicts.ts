import { absenceOf, isDenied } from './absence.ts'
import { authoredContent, type Cluster, clustersOf } from './clusters.ts'
import type { Entry } from './entry.ts'
import { ingredientsOf, merged } from './ingredients.ts'
import { type EntryLine, isActive } from './lines.ts'
import { contentText } from './members.ts'
import { compareMoments, type Moment, momentKey, momentOf } from './moment.ts'
import { compareText, gather, listKey, sortedSet } from './order.ts'
import type { Conflict, ConflictKind } from './record.ts'
import { conceptKey, differInUnit, valueKey } from './value.ts'

/** Everything on which sources do not agree, or that should not stand beside each other; by kind, lines, reason. */
export function conflictsOf(
  lines: readonly EntryLine[],
  clusters: readonly Cluster[],
  inError: readonly Entry[],
): readonly Conflict[] {
  const keys = new Map(lines.flatMap(({ line, entries }) => entries.map((entry) => [entry, line.key] as const)))
  const raise = (kind: ConflictKind, entries: Iterable<Entry>, why: string): Conflict => ({
    kind,
    lines: sortedSet([...entries].map((entry) => keys.get(entry) ?? '')),
    why,
  })
  return [
    ...clusters.flatMap((cluster) => disagreements(cluster, raise)),
    ...therapyConflicts(lines),
    ...problemConflicts(lines, raise),
    ...allergyConflicts(lines, raise),
    ...withdrawnElsewhere([...keys.keys()], inError, raise),
  ].sort(
    (a, b) =>
      compareText(a.kind, b.kind) || compareText(listKey(a.lines), listKey(b.lines)) || compareText(a.why, b.why),
  )
}

type Raise = (kind: ConflictKind, entries: Iterable<Entry>, why: string) => Conflict

/** Entries that are about one thing and say different things of it. What one of them does not say is no disagreement. */
function disagreements({ entries, byIdentity }: Cluster, raise: Raise): readonly Conflict[] {
  const [first] = entries
  if (!first || entries.length < 2) return []
  const found: Conflict[] = []
  if (differ(entries, ({ facts }) => valueKey(facts.value))) {
    const units = entries.some((entry) => differInUnit(first.facts.value, entry.facts.value))
    found.push(raise('value', entries, units ? 'different units, not converted' : 'different values of one result'))
  }
  if (
    differ(entries, ({ facts }) => facts.status) ||
    differ(entries, ({ facts }) => facts.clinicalStatus) ||
    differ(entries, ({ facts }) => facts.verificationStatus)
  ) {
    found.push(raise('status', entries, 'different status of one record'))
  }
  if (codesDiffer(entries)) found.push(raise('code', entries, 'different codes of one system'))
  if (datesDiffer(entries)) {
    found.push(raise('date', entries, 'different dates of one record'))
  }
  if (found.length > 0 || !byIdentity) return found
  const members = differingMembers(entries)
  return members.length === 0 ? [] : [raise('content', entries, `differs in: ${members.join(', ')}`)]
}

function differ(entries: readonly Entry[], said: (entry: Entry) => string | null): boolean {
  return new Set(entries.map(said).filter((text) => text !== null)).size > 1
}

/** A year does not disagree with a day in it; two instants do, unless only their offsets differ. */
function datesDiffer(entries: readonly Entry[]): boolean {
  const [first, ...others] = entries.map(({ facts }) => facts.date).filter((date) => date !== null)
  if (first === undefined) return false
  return !others.every(
    (date) => date.startsWith(first) || first.startsWith(date) || momentKey(date) === momentKey(first),
  )
}

/** Two codes of one system disagree if nothing is shared; a local code beside a LOINC code does not. */
function codesDiffer(entries: readonly Entry[]): boolean {
  const systems = new Map<string, Set<string>[]>()
  for (const { facts } of entries) {
    const codes = new Map<string, Set<string>>()
    for (const { system, code } of facts.codes) codes.set(system, (codes.get(system) ?? new Set()).add(code))
    for (const [system, held] of codes) {
      const sets = systems.get(system)
      if (sets) sets.push(held)
      else systems.set(system, [held])
    }
  }
  return [...systems.values()].some(([first, ...others]) => {
    return ![...(first ?? [])].some((code) => others.every((other) => other.has(code)))
  })
}

/** Each custodian writes these for itself: ids, addresses of other resources, generated narrative. */
const ownMembers: ReadonlySet<string> = new Set(['meta', 'id', 'text', 'identifier', 'reference', 'fullUrl'])

/** Whatever these say is compared as a fact already, and may be said in two ways: other digits, another offset. */
const comparedMembers: ReadonlySet<string> = new Set([
  ...['code', 'medicationCodeableConcept', 'vaccineCode', 'status', 'clinicalStatus', 'verificationStatus'],
  ...['effectiveDateTime', 'onsetDateTime', 'performedDateTime', 'occurrenceDateTime', 'authoredOn'],
  ...['valueQuantity', 'valueCodeableConcept', 'valueDateTime'],
])

/** Names of the top-level members in which entries with equal facts still differ. */
function differingMembers(entries: readonly Entry[]): readonly string[] {
  if (new Set(entries.map(authoredContent)).size === 1) return []
  const names = sortedSet(entries.flatMap(({ input }) => [...input.value.keys()]))
  return names
    .filter((name) => !ownMembers.has(name) && !comparedMembers.has(name))
    .filter((name) => {
      const contents = entries.map(({ input }) => {
        const value = input.value.get(name)
        return value === undefined ? '' : contentText(value, ownMembers)
      })
      return new Set(contents).size > 1
    })
}

/** Two active medication lines of one ingredient under different codes. A hint: no conflict here proves nothing. */
function therapyConflicts(lines: readonly EntryLine[]): readonly Conflict[] {
  const active = lines
    .filter(({ line }) => line.kind === 'medications')
    .map(({ line, entries }) => ({ key: line.key, entry: entries.find(isActive) }))
    .flatMap(({ key, entry }) =>
      entry ? [{ key, code: conceptKey(entry.facts), names: ingredientsOf(entry.facts) }] : [],
    )
  const stands = merged(active.flatMap(({ names }) => names))
  const byIngredient = new Map<string, { readonly key: string; readonly code: string }[]>()
  for (const { key, code, names } of active) {
    for (const name of sortedSet(names.map((each) => stands.get(each) ?? each)))
      gather(byIngredient, name, { key, code })
  }
  return [...byIngredient]
    .filter(([, held]) => new Set(held.map(({ code }) => code)).size > 1)
    .map(([name, held]) => ({
      kind: 'therapy',
      lines: sortedSet(held.map(({ key }) => key)),
      why: `active more than once under different codes: ${name}`,
    }))
}

const activeProblem: ReadonlySet<string | null> = new Set(['active', 'recurrence', 'relapse'])
const endedProblem: ReadonlySet<string | null> = new Set(['inactive', 'remission', 'resolved'])

interface Extreme {
  readonly entry: Entry
  readonly moment: Moment
}

/** One custodian calls a problem active that, according to another, ended after it began. An earlier episode is none. */
function problemConflicts(lines: readonly EntryLine[], raise: Raise): readonly Conflict[] {
  const found: Conflict[] = []
  for (const entries of byCode(lines, 'Condition')) {
    const began = extremes(entries, activeProblem, ({ facts }) => facts.date, -1)
    const ended = extremes(entries, endedProblem, ({ facts }) => facts.abatement ?? facts.date, 1)
    for (const [custodian, active] of began) {
      for (const [other, end] of ended) {
        if (custodian === other || compareMoments(end.moment, active.moment) <= 0) continue
        found.push(raise('status', [active.entry, end.entry], `active at ${custodian}, ended at ${other}`))
      }
    }
  }
  return found
}

/** Per custodian the entry of one of these statuses with the earliest (sign −1) or latest (sign 1) moment. */
function extremes(
  entries: readonly Entry[],
  statuses: ReadonlySet<string | null>,
  date: (entry: Entry) => string | null,
  sign: 1 | -1,
): ReadonlyMap<string, Extreme> {
  const held = new Map<string, Extreme>()
  for (const entry of entries) {
    const moment = statuses.has(entry.facts.clinicalStatus) ? momentOf(date(entry) ?? '') : undefined
    if (!moment) continue
    const other = held.get(entry.custodian)
    if (!other || compareMoments(moment, other.moment) * sign > 0) held.set(entry.custodian, { entry, moment })
  }
  return held
}

function byCode(lines: readonly EntryLine[], resourceType: string): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>()
  for (const entry of lines.flatMap(({ entries }) => entries)) {
    const code = conceptKey(entry.facts)
    if (entry.facts.resourceType === resourceType && code !== '') gather(groups, code, entry)
  }
  return [...groups.values()]
}

/** "None known" beside an allergy that holds; and one substance that one custodian lists and another one denies. */
function allergyConflicts(lines: readonly EntryLine[], raise: Raise): readonly Conflict[] {
  const found: Conflict[] = []
  const entries = lines
    .flatMap((line) => line.entries)
    .filter(({ facts }) => facts.resourceType === 'AllergyIntolerance')
  const listed = entries.filter(({ facts }) => absenceOf(facts) === undefined && !isDenied(facts))
  const absent = new Map<string, Entry[]>()
  for (const entry of entries) {
    const absence = absenceOf(entry.facts)
    if (absence !== undefined) gather(absent, absence, entry)
  }
  for (const [absence, statements] of absent) {
    const against = listed.filter(
      ({ facts: { categories } }) => absence === 'any' || categories.length === 0 || categories.includes(absence),
    )
    if (against.length === 0) continue
    found.push(raise('allergy', [...statements, ...against], `none known (${absence}), and listed allergies`))
  }
  for (const group of byCode(lines, 'AllergyIntolerance')) {
    const [holding, denied] = [
      group.filter(({ facts }) => !isDenied(facts)),
      group.filter(({ facts }) => isDenied(facts)),
    ]
    const custodians = new Set(denied.map(({ custodian }) => custodian))
    if (holding.some(({ custodian }) => custodians.size > (custodians.has(custodian) ? 1 : 0))) {
      found.push(raise('allergy', [...holding, ...denied], 'listed by one source, denied by another'))
    }
  }
  return found
}

/** A source withdrew what another source still repeats: its content stays the other's, but a reader must know. */
function withdrawnElsewhere(current: readonly Entry[], inError: readonly Entry[], raise: Raise): readonly Conflict[] {
  if (inError.length === 0) return []
  const withdrawn = new Set(inError)
  return clustersOf([...current, ...inError]).flatMap(({ entries }) => {
    const by = sortedSet(entries.filter((entry) => withdrawn.has(entry)).map(({ custodian }) => custodian))
    return by.flatMap((custodian) => {
      const repeated = entries.filter((entry) => !withdrawn.has(entry) && entry.custodian !== custodian)
      return repeated.length === 0 ? [] : [raise('status', repeated, `marked as entered in error by ${custodian}`)]
    })
  })
}
