import type { Entry } from './entry.ts'
import { type Kind, kindOf } from './kind.ts'
import { contentText } from './members.ts'
import { momentKey } from './moment.ts'
import { gather, keyOf, listKey } from './order.ts'
import { conceptKey, isMergeable, valueKey } from './value.ts'

/** Entries that are about one and the same thing. */
export interface Cluster {
  /** In the order in which they were given. */
  readonly entries: readonly Entry[]
  /** Linked by an identity (business identifier, globally unique id), so that differing content is a disagreement. */
  readonly byIdentity: boolean
}

/**
 * Links, never drops: each entry is in exactly one cluster. Two entries of one resource type are linked when they share a
 * business identifier or a UUID as logical id, when their content is the same, or when code, time, value and performer
 * are equal. The patient is not compared: a record is of one patient, whom each custodian calls by an id of its own.
 */
export function clustersOf(entries: readonly Entry[]): readonly Cluster[] {
  const sets = new DisjointSets(entries.length)
  const indexed = entries.map((entry, index) => ({ ...entry, index, code: conceptKey(entry.facts) }))
  const identified = new Set<number>()
  const link = (group: readonly { readonly index: number }[], byIdentity: boolean) => {
    for (const { index } of group) {
      sets.join(group[0]?.index ?? index, index)
      if (byIdentity && group.length > 1) identified.add(index)
    }
  }
  // An entry whose meaning a modifier extension changes is not equal to anything, whatever its members say.
  const linkable = indexed.filter(({ facts }) => !facts.modified)
  for (const group of byBusinessIdentifier(linkable)) link(group, true)
  for (const group of byLogicalId(linkable)) link(group.entries, group.byIdentity)
  for (const group of byStatement(linkable)) link(group, false)

  const members = new Map<number, Entry[]>()
  const clusters = new Map<number, boolean>()
  for (const [index, entry] of entries.entries()) {
    const root = sets.find(index)
    const held = members.get(root)
    if (held) held.push(entry)
    else members.set(root, [entry])
    clusters.set(root, (clusters.get(root) ?? false) || identified.has(index))
  }
  return [...members].map(([root, held]) => ({ entries: held, byIdentity: clusters.get(root) ?? false }))
}

type Indexed = Entry & { readonly index: number; readonly code: string }

/**
 * An identifier that is shared need not identify: a claim group, an accession number or an order number stand on many
 * resources. So entries that share one are still told apart (a) by every other system under which they carry different
 * values, and (b) by their codes, if one custodian gives the identifier to entries with different codes.
 */
function byBusinessIdentifier(entries: readonly Indexed[]): readonly (readonly Indexed[])[] {
  const buckets = new Map<string, Indexed[]>()
  const systems = new Map<string, string>()
  for (const entry of entries) {
    for (const [index, identifier] of entry.facts.businessIdentifiers.entries()) {
      const key = keyOf(entry.facts.resourceType, identifier)
      gather(buckets, key, entry)
      systems.set(key, entry.facts.identifierSystems[index] ?? '')
    }
  }
  const groups: (readonly Indexed[])[] = []
  for (const [key, bucket] of buckets) {
    if (bucket.length < 2) continue
    const contested = contestedSystems(bucket, systems.get(key) ?? '')
    const parts = new Map<string, Indexed[]>()
    for (const entry of bucket) gather(parts, contested.map((system) => valuesUnder(entry, system)).join('|'), entry)
    for (const part of parts.values()) {
      if (!groupsSeveralCodes(part)) groups.push(part)
      else for (const same of groupedBy(part, ({ code }) => code)) groups.push(same)
    }
  }
  return groups
}

/** Systems, apart from the shared identifier's own, under which the entries of a bucket carry different values. */
function contestedSystems(bucket: readonly Indexed[], own: string): readonly string[] {
  const values = new Map<string, Set<string>>()
  for (const entry of bucket) {
    for (const system of entry.facts.identifierSystems) {
      if (system === own) continue
      const held = values.get(system) ?? new Set<string>()
      values.set(system, held.add(valuesUnder(entry, system)))
    }
  }
  return [...values].filter(([, held]) => held.size > 1).map(([system]) => system)
}

function valuesUnder({ facts }: Indexed, system: string): string {
  return listKey(facts.businessIdentifiers.filter((_, index) => facts.identifierSystems[index] === system))
}

function groupsSeveralCodes(entries: readonly Indexed[]): boolean {
  const codes = new Map<string, string>()
  for (const { custodian, code } of entries) {
    const held = codes.get(custodian)
    if (held !== undefined && held !== code) return true
    codes.set(custodian, code)
  }
  return false
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** Servers write `meta` anew for each copy they take (FHIR R4 §2.26, Meta). */
const serverMembers: ReadonlySet<string> = new Set(['meta'])

/** The content of an entry as its author made it: two copies are equal, whatever their servers wrote into `meta`. */
export function authoredContent(entry: Entry): string {
  return contentText(entry.input.value, serverMembers)
}

/** Logical ids are unique on one server only; a UUID is unique everywhere. Other ids link only equal content. */
function byLogicalId(entries: readonly Indexed[]) {
  const groups: { readonly entries: readonly Indexed[]; readonly byIdentity: boolean }[] = []
  for (const group of groupedBy(entries, ({ facts }) => keyOf(facts.resourceType, facts.id?.toLowerCase() ?? ''))) {
    if (group.length < 2) continue
    if (uuid.test(group[0]?.facts.id ?? '')) groups.push({ entries: group, byIdentity: true })
    else for (const same of groupedBy(group, authoredContent)) groups.push({ entries: same, byIdentity: false })
  }
  return groups
}

/** Kinds in which equal code and time do not make one thing: many claims share a type, an instant and a provider. */
const neverByStatement: ReadonlySet<Kind> = new Set(['claims', 'documents', 'administrative', 'other'])

/** Equal code, time, value and performer. What has no code or no time says too little to be equal to anything. */
function byStatement(entries: readonly Indexed[]): readonly (readonly Indexed[])[] {
  const comparable = entries.filter(({ facts, code }) => {
    if (code === '' || facts.date === null || neverByStatement.has(kindOf(facts.resourceType))) return false
    return facts.resourceType === 'Observation' || facts.value !== null ? isMergeable(facts.value) : true
  })
  return groupedBy(comparable, ({ facts, code }) =>
    keyOf(
      facts.resourceType,
      String(facts.forbids),
      code,
      momentKey(facts.date ?? ''),
      momentKey(facts.until ?? ''),
      valueKey(facts.value),
      listKey(facts.performers),
    ),
  )
}

function groupedBy(entries: readonly Indexed[], key: (entry: Indexed) => string): readonly (readonly Indexed[])[] {
  const groups = new Map<string, Indexed[]>()
  for (const entry of entries) gather(groups, key(entry), entry)
  return [...groups.values()]
}

/** Union-find; the root of a set is its smallest index, so that the order of joining does not show. */
class DisjointSets {
  readonly #parents: number[]

  constructor(size: number) {
    this.#parents = Array.from({ length: size }, (_, index) => index)
  }

  find(index: number): number {
    let root = index
    while (this.#parents[root] !== root) root = this.#parents[root] as number
    let step = index
    while (step !== root) {
      const next = this.#parents[step] as number
      this.#parents[step] = root
      step = next
    }
    return root
  }

  join(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)]
    if (first < second) this.#parents[second] = first
    else this.#parents[first] = second
  }
}
