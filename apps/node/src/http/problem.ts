/** What a request can be refused for, as problem details (RFC 9457). Codes are on the wire: never renamed, never reused. */
import type {
  AnswerRefusal,
  AskRefusal,
  MailboxRefusal,
  NoteRefusal,
  OwnRecordRefusal,
  ReviewRefusal,
  WalletRefusal,
} from '@plexus/exchange'
import type { CosignatureRefusal } from '../cosignatures.ts'

type DoorCode =
  | 'address-malformed'
  | 'already-in-error'
  | 'ask-unknown'
  | 'batch-malformed'
  | 'block-unknown'
  | 'body-not-json'
  | 'body-not-this-type'
  | 'body-too-large'
  | 'body-truncated'
  | 'book-refused'
  | 'capture-unknown'
  | 'challenge-unknown'
  | 'chart-unknown'
  | 'checkpoint-file-unknown'
  | 'clinician-not-you'
  | 'clinician-unknown'
  | 'clinician-without-role'
  | 'correction-unknown'
  | 'epcis-event-unknown'
  | 'epcis-not-acceptable'
  | 'epcis-queries-too-many'
  | 'epcis-query-known'
  | 'epcis-query-unknown'
  | 'epcis-refused'
  | 'envelope-malformed'
  | 'envelope-refused'
  | 'handle-unknown'
  | 'handshake-malformed'
  | 'headers-malformed'
  | 'internal'
  | 'ledger-away'
  | 'ledger-full'
  | 'ledger-refused'
  | 'link-unknown'
  | 'member-not-here'
  | 'member-not-reached'
  | 'member-recovering'
  | 'node-busy'
  | 'not-sponsored'
  | 'organisation-unknown'
  | 'passkey-refused'
  | 'passkey-unknown'
  | 'passkeys-full'
  | 'pruned'
  | 'quota-exceeded'
  | 'record-unknown'
  | 'recovery-differs'
  | 'recovery-not-behind'
  | 'request-not-understood'
  | 'route-unknown'
  | 'session-of-a-person'
  | 'state-past'
  | 'streams-full'
  | 'token-missing'
  | 'token-wrong'
  | 'upgrade-required'
  | 'verified-too-long-ago'

/** Everything that the doors, and what stands behind them, can answer: a refusal without a line here does not compile. */
export type ProblemCode =
  | DoorCode
  | AnswerRefusal['type']
  | AskRefusal['type']
  | CosignatureRefusal['type']
  | MailboxRefusal['type']
  | NoteRefusal['type']
  | OwnRecordRefusal['type']
  | ReviewRefusal['type']
  | WalletRefusal['type']

export const problems: Readonly<Record<ProblemCode, { readonly status: number; readonly title: string }>> = {
  'address-malformed': { status: 400, title: 'The address is not one that HTTP allows.' },
  'already-in-error': { status: 409, title: 'The record is marked as entered in error already.' },
  'ask-unknown': { status: 404, title: 'This member made no such request.' },
  'basis-does-not-fit': {
    status: 409,
    title: 'An entry and an access are denied for different reasons: this one is not for that subject.',
  },
  'batch-malformed': { status: 400, title: 'The bytes are not a list of envelopes in canonical form.' },
  'block-unknown': { status: 404, title: "This member's replica has no such block or transaction." },
  'body-not-json': { status: 400, title: 'The body is not one JSON text in UTF-8 without duplicate keys.' },
  'body-not-this-type': { status: 415, title: 'The body has another content type than this route takes.' },
  'body-too-large': { status: 413, title: 'The body is larger than this route takes.' },
  'body-truncated': { status: 400, title: 'The body ended before, or went on after, the length that was announced.' },
  'book-refused': {
    status: 409,
    title: 'What this member keeps of the contract does not allow it; `refusal` says why.',
  },
  'capture-unknown': { status: 404, title: 'There is no such capture job, or not any more.' },
  'case-answered': { status: 409, title: 'The case has its answer already.' },
  'case-differs': { status: 409, title: 'The id stands for another case already.' },
  'case-not-denied': { status: 409, title: 'Only a denied case can be disagreed with, once.' },
  'case-unknown': { status: 404, title: 'There is no such case here.' },
  'cases-full': { status: 409, title: 'This patient has as many cases here as are taken.' },
  'challenge-unknown': { status: 403, title: 'The challenge was used, or is too old: begin again.' },
  'chart-unknown': { status: 404, title: 'This custodian keeps no such chart here.' },
  'checkpoint-file-unknown': { status: 404, title: 'The log of this member has no such file, or not yet.' },
  'checkpoint-unknown': { status: 404, title: 'This log signed no such checkpoint lately.' },
  'clinician-not-you': { status: 403, title: 'Whoever signed in asks and reads in the own name alone.' },
  'clinician-unknown': { status: 404, title: 'This member keeps no signing key of such a clinician.' },
  'clinician-without-role': { status: 403, title: 'The member vouches for no role of this clinician now.' },
  'code-unknown': { status: 403, title: 'The enrolment code is unknown, used, ended, or of another custodian.' },
  'correction-unknown': { status: 404, title: 'No such correction was received.' },
  'cosignature-malformed': { status: 400, title: 'The bytes are not a signed note.' },
  'cosignature-refused': { status: 403, title: 'No witness of this member signed, or a signature does not hold.' },
  'custodian-not-here': { status: 404, title: 'This node does not act for that custodian.' },
  'custodian-unknown': { status: 409, title: 'A custodian that is pointed out is not an active organisation.' },
  'envelope-malformed': { status: 400, title: 'The bytes are not an envelope in canonical form.' },
  'envelope-refused': { status: 409, title: 'The engine does not take the envelope.' },
  'epcis-event-unknown': { status: 404, title: 'This repository has no event of that name.' },
  'epcis-not-acceptable': {
    status: 406,
    title: 'A header asks for an edition, a form or a behaviour of EPCIS that this door does not have.',
  },
  'epcis-queries-too-many': { status: 409, title: 'There are as many queries of this partner as are kept: drop one.' },
  'epcis-query-known': { status: 409, title: 'A query of that name is kept already: drop it first.' },
  'epcis-query-unknown': { status: 404, title: 'No query of that name is kept.' },
  'epcis-refused': { status: 400, title: 'The event or the query is not as EPCIS 2.0 says.' },
  'evidence-does-not-hold': { status: 403, title: 'A signature of the evidence does not hold.' },
  'evidence-for-another-requester': { status: 409, title: 'The evidence names another requester.' },
  'evidence-not-committed': { status: 409, title: 'The evidence of this visit is not on the ledger yet: ask again.' },
  'handle-not-open': { status: 409, title: 'A handle that the note names is not open on this replica yet, or closed.' },
  'handle-unknown': { status: 404, title: 'No such handle was opened.' },
  'handshake-malformed': { status: 400, title: 'The request is not an opening of a WebSocket of this protocol.' },
  'headers-malformed': { status: 400, title: 'The bytes are not an HTTP request, or its headers are too long.' },
  internal: { status: 500, title: 'The node failed. What failed is in its log, under the id of this request.' },
  'key-refused': { status: 400, title: 'A key is not a fit one of its kind.' },
  'ledger-away': { status: 503, title: 'The engine cannot be reached: nothing was taken, come again.' },
  'ledger-full': {
    status: 429,
    title: 'As many envelopes wait as are taken: come again after the time in Retry-After.',
  },
  'ledger-refused': { status: 409, title: 'The transaction is in a block, and the rules refused it.' },
  'link-unknown': { status: 403, title: 'The link was used, is too old, or is none: ask the employer for another.' },
  'member-not-here': { status: 404, title: 'No such member runs in this process.' },
  'member-not-reached': { status: 503, title: 'The member runs elsewhere, and its node did not answer: come again.' },
  'member-recovering': { status: 503, title: 'The member was put back from a backup and finds out what it missed.' },
  'no-second-delay': { status: 409, title: 'The answer was put off once: 45 CFR 164.526(b)(2)(ii) allows no more.' },
  'node-busy': { status: 429, title: 'Too much waits already: come again in a second.' },
  'not-its-key': { status: 403, title: 'The key that signed does not belong to this mailbox.' },
  'not-enrolled': { status: 409, title: 'There is no enrolment that this would change.' },
  'not-sponsored': { status: 403, title: 'The member signs steps of handles for wallets, and nothing else.' },
  'note-malformed': { status: 400, title: 'The note is not one in canonical form.' },
  'note-not-for-us': { status: 409, title: 'The note is meant for another member.' },
  'note-not-sealed-to-us': { status: 400, title: 'The note is not sealed to this member, or is damaged.' },
  'organisation-unknown': { status: 404, title: 'The ledger knows no such active organisation.' },
  'passkey-refused': { status: 403, title: 'A check of the passkey failed; `at` names it.' },
  'passkey-unknown': { status: 403, title: 'No such passkey is registered at this member.' },
  'passkeys-full': { status: 409, title: 'As many passkeys are registered as are kept.' },
  pruned: { status: 410, title: 'This node began from a snapshot, and has nothing from before its beginning.' },
  'quota-exceeded': { status: 429, title: 'The sponsor has used what one member may send in this minute.' },
  'record-unknown': { status: 404, title: 'The chart has no such record.' },
  'recovery-differs': {
    status: 409,
    title: 'The ledger shows another number of batches now: read the recovery again.',
  },
  'recovery-not-behind': { status: 409, title: 'There is nothing that an operator must take on.' },
  'request-malformed': { status: 400, title: 'The bytes are not a signed request of a wallet in canonical form.' },
  'request-not-understood': { status: 400, title: 'A part of the request is not as it must be.' },
  'request-stale': { status: 403, title: 'The request was made too long ago, or in the future.' },
  'requester-not-here': { status: 409, title: 'This node does not act for that requester.' },
  'review-answered': { status: 409, title: 'A person looked at this emergency already.' },
  'review-unknown': { status: 404, title: 'No such emergency is on this list.' },
  'reviewer-asked': { status: 403, title: 'Whoever asked in an emergency does not review it.' },
  'route-unknown': { status: 404, title: 'There is no such route; /openapi.json lists all.' },
  'sender-unknown': { status: 403, title: 'The note comes from nobody whom the ledger knows.' },
  'session-of-a-person': { status: 403, title: 'This is for the member’s own token, not for a session.' },
  'set-not-empty': { status: 400, title: 'The first directive set must be empty and belong to the enrolment.' },
  'set-not-the-next': { status: 409, title: 'The directive set does not follow the one in force.' },
  'signature-invalid': { status: 403, title: 'A signature does not hold.' },
  'state-past': { status: 410, title: 'This node shows states of its newest blocks alone: ask without a height.' },
  'streams-full': { status: 429, title: 'As many streams are open as are held at once: come again.' },
  'subject-unknown': { status: 404, title: 'The chart has no such entry, or its custodian made no such receipt.' },
  'token-missing': { status: 401, title: 'This route is for the staff of the member: send its bearer token.' },
  'token-wrong': { status: 401, title: 'The bearer token is not the one of this member.' },
  'upgrade-required': { status: 426, title: 'This route is a WebSocket: open it as one.' },
  'verified-too-long-ago': {
    status: 403,
    title: 'An emergency needs a sign-in of the last minute: show the passkey again.',
  },
  'visit-unknown': { status: 404, title: 'This member knows no such visit.' },
}

/** `at`, `expected` and `came` name parts and kinds, never what stood there. */
export interface Problem {
  readonly type: 'problem'
  readonly code: ProblemCode
  readonly at?: string
  readonly expected?: string
  readonly came?: string
  /** The code of whoever refused behind the door: a contract's rejection, or the engine's. */
  readonly refusal?: string
  /** Of the block that carries what was refused, and its place there. */
  readonly height?: number
  readonly index?: number
  /** Also sent as the header `Retry-After`. */
  readonly retryAfterSeconds?: number
}

export function problem(code: ProblemCode, facts: Omit<Problem, 'code' | 'type'> = {}): Problem {
  return { type: 'problem', code, ...facts }
}

/** A code that came from another node: what is no code of ours is an answer that was not understood. */
export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code)

/** The document that is sent. The type is a reference that this server answers too. */
export function problemDocument({ code, ...facts }: Problem, request: string): Readonly<Record<string, unknown>> {
  const { status, title } = problems[code]
  return { ...facts, type: `/problems/${code}`, title, status, code, request }
}
