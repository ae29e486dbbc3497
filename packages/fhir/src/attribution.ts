import { type JsonObject, no, ok, type Result } from '@plexus/codec'
import type { Segment } from '@plexus/policy'
import { mostOf, type Organisation, type Visit, visitAt } from './custodians.ts'
import type { ResourceEntry } from './entries.ts'
import { type Links, linksOf, type PatientTarget } from './links.ts'
import { identifierKey, objectsIn, type Target, textIn } from './references.ts'
import type { Refusal } from './refusals.ts'
import { segmentOf } from './segments.ts'

/** By which rule a resource went to its organisation; in the order in which they are tried. */
export type AttributionRule =
  /** 1. A field of its own names the organisation; an Organization belongs to itself. */
  | 'own-organisation'
  /** 2. The service provider of its encounter. */
  | 'encounter'
  /** 3. An encounter of its items, or its provider (a practitioner or place: where their encounters were, mostly). */
  | 'item-or-provider'
  /** 4. The organisation of the first CarePlan that names it as a goal or addresses it. */
  | 'care-plan'
  /** 5. The encounter of the patient that was open when it was recorded; else the last one before it on that day (UTC). */
  | 'encounter-open-then'
  /** For what is about no patient (a medication, say): the organisation of the first resource that refers to it. */
  | 'referrer'
  /** 6. The organisation with most encounters of the patient; of equals the one whose id sorts first. */
  | 'main-custodian'
  /** Nothing in the source names any organisation: whoever imports it keeps it. */
  | 'unnamed'

/** A resource with the patient whose chart it joins, the organisation that made it, and the segment it lies in. */
export interface AttributedEntry extends ResourceEntry {
  /** Id of the patient in the source; null for what no patient's record refers to (an organisation in a directory). */
  readonly patient: string | null
  /** Id of the organisation in the source. */
  readonly organisation: string
  readonly organisationName: string
  readonly rule: AttributionRule
  readonly segment: Segment
}

export interface AttributionOptions {
  /** Who keeps what names no organisation. */
  readonly importer: { readonly id: string; readonly name: string }
  /**
   * `of-the-source`: once the source holds a Patient, a resource about a patient whom it does not hold is refused (a
   * bundle). `any`: it joins that patient's chart (lines of a bulk export).
   */
  readonly patients: 'of-the-source' | 'any'
}

const defaultOptions: AttributionOptions = {
  importer: { id: 'unnamed', name: 'Organisation that the source does not name' },
  patients: 'of-the-source',
}

/** Attributes all entries of one bundle. Every entry is in one of the two lists, in order. */
export function attribute(
  entries: readonly ResourceEntry[],
  options: Partial<AttributionOptions> = {},
): { readonly attributed: readonly AttributedEntry[]; readonly refused: readonly Refusal[] } {
  const attribution = new Attribution(options)
  const attributed: AttributedEntry[] = []
  const refused: Refusal[] = []
  const learnt = entries.filter((entry) => {
    const known = attribution.learn(entry)
    if (!known.ok) refused.push(known.reason)
    return known.ok
  })
  for (const entry of learnt) {
    const result = attribution.attribute(entry)
    if (result.ok) attributed.push(result.value)
    else refused.push(result.reason)
  }
  return { attributed, refused }
}

/** At some 500 bytes each this is a gigabyte; a larger export is imported in parts that keep each patient whole. */
const learntMax = 2_000_000
/** References are followed over at most this many steps (encounter in encounter, referrer of a referrer). */
const stepsMax = 4

/** Types whose identifiers other resources refer to. */
const identifiedTypes: ReadonlySet<string> = new Set([
  'Patient',
  'Organization',
  'Practitioner',
  'PractitionerRole',
  'Location',
  'Encounter',
])

/**
 * Attribution over a source of any size, in two passes: `learn` every resource, then `attribute` each. Between them only
 * names and references are held, some hundreds of bytes a resource. Nothing depends on the order of learning but "the
 * first", which is the first learnt.
 */
export class Attribution {
  readonly #options: AttributionOptions
  readonly #known = new Map<string, Links>()
  /** Weak, so that a resource of a streamed source can go between the passes. */
  readonly #linksOf = new WeakMap<ResourceEntry, Links>()
  readonly #encounters: Links[] = []
  readonly #carePlans: Links[] = []
  readonly #patients = new Set<string>()
  readonly #referrers = new Map<string, Links>()
  #learnt = 0
  #summary: Summary | undefined

  constructor(options: Partial<AttributionOptions> = {}) {
    this.#options = { ...defaultOptions, ...options }
  }

  /** Takes in one resource; refuses it only when there are too many. */
  learn(entry: ResourceEntry): Result<void, Refusal> {
    if (this.#learnt >= learntMax) return no(tooMany(entry.where))
    this.#learnt++
    this.#summary = undefined
    const links = linksOf(entry)
    this.#linksOf.set(entry, links)
    const keys = [`${links.type}/${links.id}`]
    if (entry.fullUrl !== '')
      keys.push(entry.fullUrl.toLowerCase().startsWith('urn:') ? entry.fullUrl.toLowerCase() : entry.fullUrl)
    if (identifiedTypes.has(links.type)) keys.push(...identifierKeys(links.type, entry.value))
    for (const key of keys) if (!this.#known.has(key)) this.#known.set(key, links)
    for (const key of links.mentions) if (!this.#referrers.has(key)) this.#referrers.set(key, links)
    if (links.type === 'Patient') this.#patients.add(links.id)
    if (links.type === 'Encounter') this.#encounters.push(links)
    if (links.type === 'CarePlan') this.#carePlans.push(links)
    return ok()
  }

  /** Attributes one entry that was learnt. Refuses only what speaks of another patient than its source or encounter. */
  attribute(entry: ResourceEntry): Result<AttributedEntry, Refusal> {
    const links = this.#linksOf.get(entry) ?? linksOf(entry)
    const patient = this.#patientOf(links, entry.where)
    if (!patient.ok) return patient
    const { organisation, rule } = this.#organisationOf(links, patient.value)
    return ok({
      ...entry,
      patient: patient.value,
      organisation: organisation.id,
      organisationName: organisation.name,
      rule,
      segment: segmentOf(entry.value),
    })
  }

  #patientOf(links: Links, where: string): Result<string | null, Refusal> {
    const named = this.#namedPatient(links)
    if (named?.type === 'another') return no(anotherPatient(where, named.path, 'the patient of its source'))
    for (const target of links.encounters) {
      const encounter = this.#known.get(target.key)
      const theirs = encounter?.type === 'Encounter' ? this.#namedPatient(encounter) : undefined
      if (theirs?.type === 'another')
        return no(anotherPatient(where, `${links.type}.encounter`, 'an encounter of its patient'))
      if (theirs === undefined) continue
      if (named === undefined) return ok(theirs.id)
      if (theirs.id !== named.id)
        return no(anotherPatient(where, `${links.type}.encounter`, 'an encounter of its patient'))
    }
    return ok(named?.id ?? this.#relatedPatient(links))
  }

  /** The patient by its own fields, which must agree; `another` for two of them, or one whom the source does not hold. */
  #namedPatient(links: Links): { type: 'patient'; id: string } | { type: 'another'; path: string } | undefined {
    if (links.type === 'Patient') return { type: 'patient', id: links.id }
    let id: string | undefined
    for (const target of links.patients) {
      const known = this.#known.get(target.key)
      if (known === undefined ? !speaksOfPatient(target) : known.type !== 'Patient') continue
      const unheld = known === undefined && this.#patients.size > 0 && this.#options.patients === 'of-the-source'
      const theirs = known?.id ?? target.id
      if (unheld || (id !== undefined && theirs !== id)) return { type: 'another', path: target.path }
      id = theirs
    }
    return id === undefined ? undefined : { type: 'patient', id }
  }

  /** Of a resource that names no patient: of what it mentions, else of what mentions it, else the only one there is. */
  #relatedPatient(links: Links): string | null {
    for (const key of links.mentions) {
      const known = this.#known.get(key)
      const named = known && this.#namedPatient(known)
      if (named?.type === 'patient') return named.id
    }
    for (const referrer of this.#referrersOf(links)) {
      const named = this.#namedPatient(referrer)
      if (named?.type === 'patient') return named.id
    }
    const [only] = this.#patients
    return this.#patients.size === 1 && only !== undefined ? only : null
  }

  /** The first resource that refers to this one, the first that refers to that, and so on. */
  #referrersOf(links: Links): readonly Links[] {
    const chain: Links[] = []
    let at: Links | undefined = links
    for (let step = 0; step < stepsMax && at !== undefined; step++) {
      at = this.#summarised().referrers.get(at)
      if (at === undefined || chain.includes(at) || at === links) break
      chain.push(at)
    }
    return chain
  }

  #organisationOf(links: Links, patient: string | null): { organisation: Organisation; rule: AttributionRule } {
    const made = this.#makerOf(links, patient)
    if (made) return made
    if (links.type !== 'Patient' && links.patients.length === 0) {
      for (const referrer of this.#referrersOf(links)) {
        const theirs = this.#makerOf(referrer, this.#namedPatientId(referrer))
        if (theirs) return { organisation: theirs.organisation, rule: 'referrer' }
      }
    }
    const main =
      patient === null
        ? undefined
        : mostOf(
            this.#summarised()
              .visits.get(patient)
              ?.map((visit) => visit.organisation) ?? [],
          )
    if (main) return { organisation: main, rule: 'main-custodian' }
    return { organisation: this.#options.importer, rule: 'unnamed' }
  }

  /** Rules 1 to 5. */
  #makerOf(links: Links, patient: string | null): { organisation: Organisation; rule: AttributionRule } | undefined {
    const direct = this.#directMaker(links)
    if (direct) return direct
    for (const plan of this.#summarised().plans.get(identityOf(links)) ?? []) {
      const theirs = this.#directMaker(plan) ?? this.#makerByTime(plan, this.#namedPatientId(plan))
      if (theirs) return { organisation: theirs.organisation, rule: 'care-plan' }
    }
    return this.#makerByTime(links, patient)
  }

  /** Rules 1 to 3. */
  #directMaker(links: Links): { organisation: Organisation; rule: AttributionRule } | undefined {
    const own = this.#ownOrganisation(links)
    if (own) return { organisation: own, rule: 'own-organisation' }
    const encountered = this.#organisationOfEncounters(links.encounters)
    if (encountered) return { organisation: encountered, rule: 'encounter' }
    const provided = this.#organisationOfEncounters(links.itemEncounters) ?? this.#organisationOfProviders(links)
    return provided && { organisation: provided, rule: 'item-or-provider' }
  }

  #ownOrganisation(links: Links): Organisation | undefined {
    if (links.type === 'Organization') return { id: links.id, name: links.name }
    for (const target of links.organisations) {
      const known = this.#known.get(target.key)
      if (known?.type === 'Organization') return { id: known.id, name: known.name }
      // An organisation that lies outside the source is one all the same, when the reference says that it is one.
      if (known === undefined && target.type === 'Organization' && target.id !== '') {
        return { id: target.id, name: target.display === '' ? target.id : target.display }
      }
    }
    return undefined
  }

  #organisationOfEncounters(targets: readonly Target[], steps = stepsMax): Organisation | undefined {
    for (const target of targets) {
      const encounter = this.#known.get(target.key)
      if (encounter?.type !== 'Encounter') continue
      const own = this.#ownOrganisation(encounter)
      if (own) return own
      const parents = steps > 0 ? this.#organisationOfEncounters(encounter.encounters, steps - 1) : undefined
      if (parents) return parents
    }
    return undefined
  }

  /** Where the encounters of its provider were; a Practitioner or Location counts as its own provider. */
  #organisationOfProviders(links: Links): Organisation | undefined {
    const { workplaces } = this.#summarised()
    const keys = links.providers.map(({ key }) => this.#identity(key))
    if (links.type === 'PractitionerRole') keys.push(...links.participants.map(({ key }) => this.#identity(key)))
    if (links.type === 'Practitioner' || links.type === 'Location') keys.push(identityOf(links))
    for (const key of keys) {
      const most = mostOf(workplaces.get(key) ?? [])
      if (most) return most
    }
    return undefined
  }

  #makerByTime(
    links: Links,
    patient: string | null,
  ): { organisation: Organisation; rule: AttributionRule } | undefined {
    const { time } = links
    if (time === undefined || patient === null) return undefined
    const visit = visitAt(this.#summarised().visits.get(patient) ?? [], time)
    return visit && { organisation: visit.organisation, rule: 'encounter-open-then' }
  }

  #namedPatientId(links: Links): string | null {
    const named = this.#namedPatient(links)
    return named?.type === 'patient' ? named.id : null
  }

  #identity(key: string): string {
    const known = this.#known.get(key)
    return known === undefined ? key : identityOf(known)
  }

  /** What follows from everything learnt, worked out once. */
  #summarised(): Summary {
    if (this.#summary) return this.#summary
    const summary: Summary = { visits: new Map(), workplaces: new Map(), plans: new Map(), referrers: new Map() }
    // Set before it is complete: working out an organisation needs none of its parts but what is below.
    this.#summary = summary
    for (const encounter of this.#encounters) {
      const organisation = this.#ownOrganisation(encounter) ?? this.#organisationOfEncounters(encounter.encounters)
      if (organisation === undefined) continue
      const patient = this.#namedPatientId(encounter)
      if (patient !== null) push(summary.visits, patient, { id: encounter.id, period: encounter.period, organisation })
      for (const { key } of encounter.participants) push(summary.workplaces, this.#identity(key), organisation)
    }
    for (const plan of this.#carePlans) {
      for (const { key } of plan.planned) push(summary.plans, this.#identity(key), plan)
    }
    for (const [key, referrer] of this.#referrers) {
      const known = this.#known.get(key)
      if (known && known !== referrer && !summary.referrers.has(known)) summary.referrers.set(known, referrer)
    }
    return summary
  }
}

interface Summary {
  /** Encounters with an organisation, by patient. */
  readonly visits: Map<string, Visit[]>
  /** The organisation of each encounter in which a practitioner or place took part. */
  readonly workplaces: Map<string, Organisation[]>
  /** CarePlans by what they aim at or address. */
  readonly plans: Map<string, Links[]>
  readonly referrers: Map<Links, Links>
}

function speaksOfPatient(target: PatientTarget): boolean {
  if (target.id === '') return false
  // A UUID names no type; in a bundle it must be one of its entries, so in `subject` too it is somebody else.
  return target.type === 'Patient' || target.patientOnly || target.type === ''
}

function identityOf({ type, id }: Links): string {
  return `${type}/${id}`
}

function identifierKeys(type: string, value: JsonObject): readonly string[] {
  return objectsIn(value, 'identifier').map((identifier) =>
    identifierKey(type, textIn(identifier, 'system'), textIn(identifier, 'value')),
  )
}

function push<Key, Item>(map: Map<Key, Item[]>, key: Key, item: Item): void {
  const items = map.get(key)
  if (items) items.push(item)
  else map.set(key, [item])
}

function tooMany(where: string): Refusal {
  return { type: 'too-large', where, path: '', expected: `at most ${learntMax} resources at once`, came: 'one more' }
}

function anotherPatient(where: string, path: string, expected: string): Refusal {
  return { type: 'another-patient', where, path, expected, came: 'another patient' }
}
