/** Restrictions as the patient makes them, and what a change would do: computed with the rules that custodians run. */
import { typesOf } from '@plexus/assembly'
import { type Directive, type Profile, type RecordFacts, withheldBy } from '@plexus/policy'

/** As many as one set holds. */
export const directivesMax = 200

export const topics = [
  'problems',
  'medications',
  'allergies',
  'results',
  'reports',
  'procedures',
  'immunizations',
  'encounters',
  'documents',
] as const
export const protectedTopics = ['part2', 'reproductive', 'minor-confidential', 'psychotherapy'] as const

export type What = 'everything' | (typeof protectedTopics)[number] | (typeof topics)[number]
/** `anyone`, an organisation's id, or an NPI. */
export type Who = string

export interface Restriction {
  readonly effect: Directive['effect']
  readonly what: What
  readonly who: Who
  /** Seconds since 1970; null for no end. */
  readonly until: number | null
}

/** The directives of one restriction: one for each type of a topic. */
export function directivesFor({ effect, what, who, until }: Restriction, from: number): readonly Directive[] {
  const frame = { effect, grantee: granteeOf(who), purposes: [], from, until }
  return scopesOf(what).map((scope): Directive => ({ ...frame, scope }))
}

function scopesOf(what: What): readonly Directive['scope'][] {
  if (what === 'everything') return [{ type: 'everything' }]
  const segment = protectedTopics.find((each) => each === what)
  if (segment) return [{ type: 'segment', segment }]
  const kind = topics.find((each) => each === what)
  return (kind ? typesOf(kind) : []).map((resourceType) => ({ type: 'type', resourceType }))
}

function granteeOf(who: Who): Directive['grantee'] {
  if (who === 'anyone') return { type: 'anyone' }
  return /^\d{10}$/.test(who) ? { type: 'practitioner', npi: who } : { type: 'organisation', id: who }
}

const whoOf = ({ grantee }: Directive): Who => {
  if (grantee.type === 'anyone') return 'anyone'
  return grantee.type === 'organisation' ? grantee.id : grantee.npi
}

/** A restriction that stands somewhere, and where. */
export interface Standing {
  readonly key: string
  /** Null where these pages cannot say it: a label, one entry, or a purpose, made elsewhere. */
  readonly restriction: Restriction | null
  readonly custodians: readonly string[]
}

/** What stands at any place, the same at several places once; in the order in which they were made. */
export function standingIn(
  relations: readonly { readonly custodian: string; readonly directives: readonly Directive[] }[],
): readonly Standing[] {
  const found = new Map<string, { restriction: Restriction | null; custodians: string[] }>()
  for (const { custodian, directives } of relations)
    for (const directive of directives) {
      const key = keyIn(directives, directive)
      const known = found.get(key) ?? { restriction: restrictionIn(directives, directive), custodians: [] }
      if (!known.custodians.includes(custodian)) known.custodians.push(custodian)
      found.set(key, known)
    }
  return [...found].map(([key, each]) => ({ key, ...each }))
}

/** A set without one restriction; what else the patient decided stays. */
export function without(directives: readonly Directive[], key: string): readonly Directive[] {
  return directives.filter((directive) => keyIn(directives, directive) !== key)
}

/** A topic of several types is one restriction: its directives share a key. */
function keyIn(directives: readonly Directive[], directive: Directive): string {
  const restriction = restrictionIn(directives, directive)
  if (restriction) return [restriction.effect, restriction.what, restriction.who, restriction.until].join(' ')
  const { effect, scope, until, purposes } = directive
  const named = scope.type === 'label' ? scope.name : scope.type === 'type' ? scope.resourceType : scope.type
  return ['other', effect, named, whoOf(directive), purposes.join(), until].join(' ')
}

/** A part of a topic is not the topic: it was made elsewhere, and these pages do not claim to know its words. */
function restrictionIn(directives: readonly Directive[], directive: Directive): Restriction | null {
  const { effect, scope, until, purposes } = directive
  const what = whatOf(scope)
  if (what === null || purposes.length > 0) return null
  const who = whoOf(directive)
  const types = scopesOf(what).flatMap((each) => (each.type === 'type' ? [each.resourceType] : []))
  const isThere = (resourceType: string): boolean =>
    directives.some(
      (each) =>
        each.effect === effect &&
        each.until === until &&
        each.purposes.length === 0 &&
        whoOf(each) === who &&
        each.scope.type === 'type' &&
        each.scope.resourceType === resourceType,
    )
  return types.every(isThere) ? { effect, what, who, until } : null
}

function whatOf(scope: Directive['scope']): What | null {
  if (scope.type === 'everything') return 'everything'
  if (scope.type === 'segment') return protectedTopics.find((each) => each === scope.segment) ?? null
  if (scope.type !== 'type') return null
  return topics.find((topic) => typesOf(topic).includes(scope.resourceType)) ?? null
}

/** How many of a chart's entries one asker would be given for treatment, on good evidence. */
export interface Given {
  readonly count: number
  readonly of: number
}

export function givenTo(
  facts: readonly RecordFacts[],
  directives: readonly Directive[],
  { who, profile, now }: { readonly who: Who; readonly profile: Profile; readonly now: number },
): Given {
  const grantee = granteeOf(who)
  const question = {
    directives,
    // Whoever no directive names stands for anyone.
    requester: grantee.type === 'organisation' ? grantee.id : '',
    clinician: grantee.type === 'practitioner' ? grantee.npi : '',
    purpose: 'TREAT' as const,
    earliest: now,
    latest: now,
  }
  const isGiven = (record: RecordFacts): boolean => withheldBy(question, profile, record) === null
  return { count: facts.filter(isGiven).length, of: facts.length }
}
