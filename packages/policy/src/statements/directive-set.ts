import { type Infer, list, object, oneOf, option, text, uint, variant } from '@plexus/codec'
import {
  coding,
  hash,
  inner,
  npi,
  organisationId,
  purpose,
  purposes,
  randomId,
  resourceType,
  seconds,
  segment,
} from './fields.ts'

/** Whom a directive speaks of. */
export const grantee = variant({ anyone: {}, organisation: { id: organisationId }, practitioner: { npi } })

/** What it speaks of, from the narrowest to the widest: one entry, a label (any of these codes), a class, everything. */
export const directiveScope = variant({
  entry: { record: randomId },
  label: { name: text({ min: 1, max: 80 }), codes: list(coding, { min: 1, max: 200 }) },
  type: { resourceType },
  segment: { segment },
  everything: {},
})

export const directive = object({
  effect: oneOf('deny', 'permit'),
  grantee,
  scope: directiveScope,
  /** The purposes it covers; an empty list covers all. */
  purposes: list(purpose, { max: purposes.length }),
  from: seconds,
  /** The second after its last; null when it has no end. */
  until: option(seconds),
})
export type Directive = Infer<typeof directive>

/** Far above what people write, and it bounds a decision: each directive is held against each record. */
const directivesMax = 200

/** All directives in force at one custodian. Version n is signed by head key n and names the handle of head n + 1. */
export const directiveSetContent = object({
  custodian: organisationId,
  version: uint(),
  directives: list(directive, { max: directivesMax }),
  /** The handle of head n: the hash of the key that signs this set. */
  head: hash,
  /** The handle of head n + 1, opened earlier at an unrelated time. */
  next: hash,
  madeAt: seconds,
})
export type DirectiveSet = Infer<typeof directiveSetContent>

export const directiveSet = object({ content: directiveSetContent, signature: inner })
export type SignedDirectiveSet = Infer<typeof directiveSet>
