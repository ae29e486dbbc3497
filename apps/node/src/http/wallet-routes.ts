/** What wallets need of a member. Nobody signs in: each request proves itself by signatures inside, or asks what is no secret. */
import { decode, equalBytes, toBase64Url, toHex } from '@plexus/codec'
import { contracts, members, notary } from '@plexus/contracts'
import {
  type EnvelopeBody,
  kernelRejections,
  readBody,
  transactionBytesMax,
  validSecondsMax,
  viewOf,
} from '@plexus/kernel'
import { z } from 'zod'
import type { Directory } from '../directory.ts'
import type { MemberNode } from '../member-node.ts'
import type { Network } from '../network.ts'
import { isPatientStep, sponsor } from '../wallet-port.ts'
import {
  answerWallet,
  sealedNoteBytesMax,
  type WalletAnswer,
  type WalletAsk,
  walletRequestBytesMax,
} from '../wallet-relay.ts'
import { base64Url, hexHash, organisationId, shownMax } from './fields.ts'
import { isProblemCode, type Problem, problem } from './problem.ts'
import { type Answer, empty, envelopeJsonBytesMax, json, memberRoute, octets, type Route } from './route.ts'
import { ledgerFull, overQuota } from './submissions.ts'

/** Handles of one enrolment or one spare; a wallet that wants more comes again. */
const handlesPerEnvelopeMax = 64
const sharesMax = 15
const bodyBytesMax = transactionBytesMax + 4096

export function walletRoutes({
  network,
  directory,
  now,
}: {
  readonly network: Network
  readonly directory: Directory
  readonly now: () => number
}): readonly Route[] {
  /** The member is asked where it runs. */
  const asks = (askIn: (given: Uint8Array) => WalletAsk) => ({
    handle: async ({ octets: given }: { readonly octets: Uint8Array }, node: MemberNode): Promise<Answer> =>
      answerOf(await answerWallet(node, askIn(given))),
    elsewhere: async (member: string, { octets: given }: { readonly octets: Uint8Array }): Promise<Answer> =>
      answerOf(await network.askForWallet(member, askIn(given))),
  })
  return [
    memberRoute({
      method: 'GET',
      path: '/sponsor',
      id: 'sponsor',
      whileRecovering: true,
      summary: 'Who carries a wallet’s steps to the ledger, and the key that signs for it',
      tag: 'wallet',
      gives: 'The member and its Ed25519 public key in hexadecimal.',
      handle: (_, node) => json({ member: node.member, key: toHex(node.publicKey) }),
    }),
    memberRoute({
      method: 'GET',
      path: '/organisations',
      id: 'organisations',
      whileRecovering: true,
      summary: 'The organisations of the whole network, as this member’s replica has them',
      tag: 'wallet',
      query: z.strictObject({ after: organisationId.optional() }),
      gives:
        'At most 200, by id: the name by which people know each, the member that answers for it now, and whether it takes part. `next` is null, or the id after which to ask on.',
      handle({ query: { after = '' } }, node) {
        const all = members.queries.organisations(viewOf(members, node.store))
        const rest = all.filter(({ organisation }) => organisation > after)
        const shown = rest.slice(0, shownMax)
        const named = shown.map((each) => ({ ...each, name: directory.nameOf(each.organisation) }))
        return json({ organisations: named, next: shown.length < rest.length ? shown.at(-1)?.organisation : null })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/organisations/:organisation',
      id: 'organisation',
      whileRecovering: true,
      summary: 'The member that acts for an organisation, and the key to which notes for it are sealed',
      tag: 'wallet',
      params: { organisation: organisationId },
      gives: 'The X-Wing public key in base64url, and the name by which people know the organisation.',
      refusals: ['organisation-unknown'],
      handle({ params: { organisation } }, node) {
        const view = viewOf(members, node.store)
        const host = members.queries.hostOf(view, organisation)
        const known = host === undefined ? undefined : members.queries.member(view, host)
        if (!known || !members.queries.isActive(view, organisation)) return problem('organisation-unknown')
        const name = directory.nameOf(organisation)
        return json({ organisation, name, member: host, sealingKey: toBase64Url(known.sealingKey) })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/envelopes',
      id: 'submitEnvelope',
      whileRecovering: true,
      summary: 'Adds the sponsor’s signature to a body that opens or closes handles, and submits it',
      tag: 'wallet',
      bodyBytesMax: envelopeJsonBytesMax,
      body: z.strictObject({
        body: base64Url(bodyBytesMax),
        shares: z
          .array(z.strictObject({ key: base64Url(32), signature: base64Url(64) }), { error: 'a list of shares' })
          .max(sharesMax, `at most ${sharesMax} shares`),
      }),
      gives: 'The height of the block that carries it, once this member’s replica has applied it.',
      refusals: ['envelope-refused', 'ledger-full', 'ledger-refused', 'not-sponsored', 'quota-exceeded'],
      async handle({ body: { body, shares } }, { member }) {
        const refused = notSponsored(body, member, network, now())
        if (refused) return refused
        const answer = await sponsor(network, member, body, shares)
        return answer.ok ? json({ height: answer.value.height }) : notSubmitted(answer.reason.type)
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/notes',
      id: 'deliverNote',
      summary: 'Brings a sealed note: an enrolment, a check-in, a directive set, or a case',
      tag: 'wallet',
      octetsMax: sealedNoteBytesMax,
      media: 'none',
      gives: 'It is durable here.',
      refusals: [
        'book-refused',
        'case-differs',
        'case-not-denied',
        'case-unknown',
        'cases-full',
        'code-unknown',
        'custodian-not-here',
        'custodian-unknown',
        'evidence-does-not-hold',
        'evidence-for-another-requester',
        'handle-not-open',
        'key-refused',
        'not-enrolled',
        'note-malformed',
        'note-not-for-us',
        'note-not-sealed-to-us',
        'requester-not-here',
        'sender-unknown',
        'set-not-empty',
        'set-not-the-next',
        'signature-invalid',
        'subject-unknown',
      ],
      ...asks((sealed) => ({ type: 'note', sealed })),
    }),
    memberRoute({
      method: 'POST',
      path: '/mailbox',
      id: 'fetchMailbox',
      summary: 'Fetches a page of sealed notices with a request that the mailbox’s key signed',
      tag: 'wallet',
      octetsMax: walletRequestBytesMax,
      media: 'application/octet-stream',
      gives: 'A page of notices in canonical form, oldest first.',
      refusals: ['not-its-key', 'request-malformed', 'request-stale', 'signature-invalid'],
      ...asks((request) => ({ type: 'mailbox', request })),
    }),
    memberRoute({
      method: 'POST',
      path: '/own-record',
      id: 'ownRecord',
      summary: 'A page of the patient’s own chart, with a request that the enrolled wallet signed',
      tag: 'wallet',
      octetsMax: walletRequestBytesMax,
      media: 'application/octet-stream',
      gives: 'A page in canonical form, sealed to the key that was enrolled.',
      refusals: ['custodian-not-here', 'not-enrolled', 'request-malformed', 'request-stale', 'signature-invalid'],
      ...asks((request) => ({ type: 'own-record', request })),
    }),
    memberRoute({
      method: 'GET',
      path: '/handles/:handle',
      id: 'handle',
      whileRecovering: true,
      summary: 'What the ledger says of a handle',
      tag: 'wallet',
      params: { handle: hexHash },
      gives: 'Its status, and the heights of its opening and closing.',
      refusals: ['handle-unknown'],
      handle({ params: { handle } }, node) {
        const known = handleOf(node, handle)
        return known ? json({ handle, ...known }) : problem('handle-unknown')
      },
    }),
  ]
}

function answerOf(answer: WalletAnswer): Answer {
  if (answer.type === 'taken') return empty
  if (answer.type === 'page') return octets(answer.bytes)
  const { type, refusal } = answer.reason
  return problem(isProblemCode(type) ? type : 'member-not-reached', refusal === null ? {} : { refusal })
}

function handleOf({ store }: MemberNode, handle: string) {
  return notary.queries.handle(viewOf(notary, store), handle)
}

/** Why the member does not sign this body, first reason first; null when it does. */
function notSponsored(bytes: Uint8Array, member: string, { chain }: Network, now: number): Problem | null {
  const read = readBody(bytes)
  if (!read.ok) {
    const { path, expected } = read.reason
    return problem('not-sponsored', { at: `body.body${path}`, expected, came: 'bytes of another form' })
  }
  const body = read.value
  if (!equalBytes(body.chain, chain.id))
    return problem('not-sponsored', { at: 'body.body.chain', expected: 'the id of this chain', came: 'another' })
  if (body.sponsor !== member)
    return problem('not-sponsored', { at: 'body.body.sponsor', expected: member, came: 'another member' })
  if (body.validUntil < now || body.validUntil > now + validSecondsMax)
    return problem('not-sponsored', {
      at: 'body.body.validUntil',
      expected: `an end within ${validSecondsMax} s`,
      came: body.validUntil < now ? 'an end in the past' : 'a later end',
    })
  return isHandleStep(body) || isPatientStep(body)
    ? null
    : problem('not-sponsored', {
        at: 'body.body.transaction',
        expected: `open-handles of at most ${handlesPerEnvelopeMax}, or close-handle, of the notary, or a patient’s step of an item`,
        came: 'another transaction',
      })
}

function isHandleStep({ contract, transaction }: EnvelopeBody): boolean {
  if (contract !== notary.name) return false
  const read = decode(notary.transaction, transaction, transactionBytesMax)
  if (!read.ok) return false
  if (read.value.type === 'open-handles') return read.value.handles.length <= handlesPerEnvelopeMax
  return read.value.type === 'close-handle'
}

/** A refusal in a block carries its contract's name and code; all others are the engine's. */
function notSubmitted(refusal: string): Problem {
  if (refusal === 'mempool-full') return ledgerFull(refusal)
  if (refusal === 'quota-exceeded' || refusal === `kernel-${kernelRejections['quota-exceeded'].code}`)
    return overQuota()
  const [, space, code] = /^([a-z]+)-(\d+)$/.exec(refusal) ?? []
  if (space === undefined) return problem('envelope-refused', { refusal })
  const rejections = Object.entries(contracts.find(({ name }) => name === space)?.rejections ?? {})
  const named = rejections.find(([, rejection]) => rejection.code === Number(code))
  return problem('ledger-refused', { refusal: named?.[0] ?? refusal })
}
