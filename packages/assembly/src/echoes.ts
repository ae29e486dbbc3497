import { authoredContent, type Cluster } from './clusters.ts'
import { type Entry, logicalId } from './entry.ts'
import { namesIn, objectOf, objectsOf, requiredCode, textOf } from './members.ts'
import { compareText, gather, keyOf, sortedSet } from './order.ts'

/** For each entry that repeats another one: the entry it repeats. */
export type Echoes = ReadonlyMap<Entry, Entry>

/**
 * An echo is a copy that one custodian registered of what it had from another: no second observation, so one source is
 * shown. An entry is the echo of its cluster's origin when it comes from another custodian and either names that one as
 * its origin (`meta.source`, or a Provenance of its own source) or has the very same content, logical id included.
 */
export function echoesOf(clusters: readonly Cluster[], entries: readonly Entry[]): Echoes {
  const custodians = new Set(entries.map(({ custodian }) => custodian))
  const provenances = provenancesOf(entries, custodians)
  const echoes = new Map<Entry, Entry>()
  for (const { entries: members } of clusters) {
    if (members.every(({ custodian }) => custodian === members[0]?.custodian)) continue
    const present = new Set(members.map(({ custodian }) => custodian))
    const claims = new Map(members.map((entry) => [entry, originsOf(entry, provenances, custodians)]))
    const named = new Set([...claims.values()].flat())
    const rank = (entry: Entry) =>
      (claims.get(entry)?.some((origin) => present.has(origin)) ? 2 : 0) + (named.has(entry.custodian) ? 0 : 1)
    const [origin] = [...members].sort((a, b) => rank(a) - rank(b) || compareAge(a, b))
    if (!origin) continue
    const content = authoredContent(origin)
    for (const entry of members) {
      if (entry.custodian === origin.custodian) continue
      if (claims.get(entry)?.includes(origin.custodian) || authoredContent(entry) === content) echoes.set(entry, origin)
    }
  }
  return echoes
}

/** Where nobody names an origin, what stood on the ledger first is it; then by custodian and record. */
function compareAge(a: Entry, b: Entry): number {
  return (
    a.input.committedAt - b.input.committedAt ||
    compareText(a.custodian, b.custodian) ||
    compareText(a.input.record, b.input.record)
  )
}

/** Custodians of this record that an entry names as its origin; its own does not count. */
function originsOf(
  { facts, custodian }: Entry,
  named: Provenances,
  custodians: ReadonlySet<string>,
): readonly string[] {
  const { id, resourceType, source } = facts
  const origins = [
    ...(source === null ? [] : custodiansIn([source], custodians)),
    ...(id === null ? [] : (named.get(keyOf(custodian, resourceType, id)) ?? [])),
    ...(id === null ? [] : (named.get(keyOf(custodian, '', id)) ?? [])),
  ]
  return origins.filter((origin) => origin !== custodian)
}

/** By source, type and id of the target (the type is empty for `urn:uuid:`): the custodians that are named for it. */
type Provenances = ReadonlyMap<string, readonly string[]>

/** A resource comes from one custodian, perhaps on behalf of another; this bounds what a crafted one can cost. */
const originsMax = 4

function provenancesOf(entries: readonly Entry[], custodians: ReadonlySet<string>): Provenances {
  const named = new Map<string, string[]>()
  for (const { custodian, facts, input } of entries) {
    if (facts.resourceType !== 'Provenance') continue
    // Whoever only passed the resource on is not where it comes from.
    const agents = objectsOf(input.value, 'agent').filter((agent) => requiredCode(agent, 'type') !== 'transmitter')
    const sources = objectsOf(input.value, 'entity').filter((entity) => textOf(entity, 'role') === 'source')
    const names = [
      ...agents.flatMap((agent) => [...namesIn(objectOf(agent, 'who')), ...namesIn(objectOf(agent, 'onBehalfOf'))]),
      ...sources.flatMap((entity) => namesIn(objectOf(entity, 'what'))),
    ]
    const origins = custodiansIn(names, custodians).slice(0, originsMax)
    for (const target of objectsOf(input.value, 'target')) {
      const reference = textOf(target, 'reference')
      if (reference === null) continue
      const type = reference.startsWith('urn:') ? '' : (reference.split('/').at(-2) ?? '')
      for (const origin of origins) gather(named, keyOf(custodian, type, logicalId(reference)), origin)
    }
  }
  return named
}

/** Custodians that are named whole, or as the last part of a reference, a URN or an address. */
function custodiansIn(names: readonly string[], custodians: ReadonlySet<string>): readonly string[] {
  const parts = names.flatMap((name) => [name, logicalId(name.split('#')[0] ?? name)])
  return sortedSet(parts.filter((part) => custodians.has(part)))
}
