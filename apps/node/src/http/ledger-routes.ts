/** The member's own replica, to look at and to check. The ledger holds commitments and organisation-level facts alone. */
import { encode, toBase64Url, toHex } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { readEnvelope, readSignedHeader, sequencerKeyOf, stateProof, viewOf } from '@plexus/kernel'
import type { StoredBlock } from '@plexus/store'
import { z } from 'zod'
import type { MemberNode } from '../member-node.ts'
import type { Network } from '../network.ts'
import { eventPage, eventsPerPageMax, fieldsOf } from './event-feed.ts'
import { stateEntryKey, whole } from './fields.ts'
import { type Problem, problem } from './problem.ts'
import { json, memberRoute, octets, type Route } from './route.ts'

/** Lines of one answer; a reader goes on from where it ended. */
const transactionsPerPageMax = 1_000

export function ledgerRoutes({ network }: { readonly network: Network }): readonly Route[] {
  const { id, genesis } = network.chain
  const sequencer = sequencerKeyOf(network.chain)
  return [
    memberRoute({
      method: 'GET',
      path: '/ledger',
      id: 'ledger',
      summary: 'The tip of this member’s replica, and who orders the blocks',
      tag: 'ledger',
      gives:
        'Height, time, app hash, and who validates: the one key of the embedded engine, or members with their power.',
      handle(_, node) {
        const { height, time, appHash } = tipOf(node)
        return json({
          chain: toHex(id),
          name: genesis.name,
          height,
          time,
          appHash: toHex(appHash),
          engine: genesis.engine.type,
          validators: sequencer
            ? [{ key: toHex(sequencer) }]
            : members.queries
                .validatorSet(viewOf(members, node.store))
                .map(({ member, key, power }) => ({ member, key: toHex(key), power })),
          proves: sequencer
            ? 'One key orders the blocks: this proves nothing against its owner.'
            : 'Two thirds of the validators agreed on the blocks: this proves nothing against so many of them together.',
        })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/ledger/blocks/:height',
      id: 'block',
      summary: 'One block: its envelopes in order, each with its outcome',
      tag: 'ledger',
      params: { height: whole },
      query: z.strictObject({ from: whole.optional() }),
      gives: `At most ${transactionsPerPageMax} envelopes from \`from\` on; \`more\` says how many follow.`,
      refusals: ['block-unknown', 'pruned'],
      handle({ params: { height }, query: { from = 0 } }, { store }) {
        const pruned = prunedAt({ store }, height)
        if (pruned) return pruned
        const block = store.block(height)
        if (!block) return problem('block-unknown')
        const page = block.transactions.slice(from, from + transactionsPerPageMax)
        return json({
          height,
          time: block.time,
          header: toBase64Url(block.header),
          count: block.transactions.length,
          transactions: page.map((envelope, index) => lineOf(block, envelope, from + index)),
          more: Math.max(0, block.transactions.length - from - page.length),
        })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/ledger/blocks/:height/envelopes/:index',
      id: 'envelope',
      summary: 'One envelope, as it travelled',
      tag: 'ledger',
      params: { height: whole, index: whole },
      media: 'application/octet-stream',
      gives: 'Canonical bytes.',
      refusals: ['block-unknown', 'pruned'],
      handle({ params: { height, index } }, { store }) {
        const envelope = store.block(height)?.transactions[index]
        return prunedAt({ store }, height) ?? (envelope ? octets(envelope) : problem('block-unknown'))
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/ledger/headers/:height',
      id: 'header',
      summary: 'The signed header of a block',
      tag: 'ledger',
      params: { height: whole },
      gives: 'Its fields, and its canonical bytes in base64url.',
      refusals: ['block-unknown', 'pruned'],
      handle({ params: { height } }, { store }) {
        const bytes = store.header(height)
        const read = bytes && readSignedHeader(bytes)
        if (!read?.ok) return prunedAt({ store }, height) ?? problem('block-unknown')
        const { header, signature } = read.value
        return json({
          header: fieldsOf(header),
          signature: signature && toHex(signature),
          bytes: toBase64Url(bytes as Uint8Array),
        })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/ledger/light-blocks/:height',
      id: 'light-block',
      summary: 'The votes for a block and who could vote, on CometBFT',
      tag: 'ledger',
      params: { height: whole },
      gives: 'What the engine answers to `commit` and `validators`, each in base64url: whoever asks verifies them.',
      refusals: ['block-unknown', 'pruned'],
      async handle({ params: { height } }, { member, store }) {
        const pruned = prunedAt({ store }, height)
        if (pruned) return pruned
        const found = await network.lightBlock(member, height)
        if (!found) return problem('block-unknown')
        return json({ commit: toBase64Url(found.commit), validators: toBase64Url(found.validators) })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/ledger/entries',
      id: 'entry',
      summary: 'One entry of the state under a header, with its proof, or the proof that it is not there',
      tag: 'ledger',
      query: z.strictObject({ key: stateEntryKey, height: whole.optional() }),
      gives:
        'The entry `contract/map/key` of the state on which the block `height` ran, the newest block unless told: value in canonical CBOR, or null, and proof, each in base64url; both roots, which the header’s app hash is made of. For some minutes back.',
      refusals: ['block-unknown', 'state-past'],
      handle({ query: { key, height: asked } }, node) {
        const { height: newest } = tipOf(node)
        const height = asked ?? newest
        if (height < 1 || height > newest) return problem('block-unknown')
        const proven = node.store.proveStateAt(height - 1, key)
        if (!proven) return problem('state-past')
        const { value, proof, stateRoot, historyRoot } = proven
        return json({
          height,
          key,
          value: value && toBase64Url(value),
          proof: toBase64Url(encode(stateProof, proof)),
          stateRoot: toHex(stateRoot),
          historyRoot: toHex(historyRoot),
        })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/ledger/events',
      id: 'events',
      summary: 'The feed of events after a cursor, in order',
      tag: 'ledger',
      query: z.strictObject({
        after: whole.optional(),
        limit: whole
          .refine((limit) => limit >= 1 && limit <= eventsPerPageMax, `a number from 1 to ${eventsPerPageMax}`)
          .optional(),
      }),
      gives: 'Events, and `next`: the cursor from which to go on. The same cursor always gives the same events.',
      refusals: ['pruned'],
      handle({ query: { after = 0, limit = 100 } }, { store }) {
        return prunedAfter({ store }, after) ?? json(eventPage(store, after, limit))
      },
    }),
  ]
}

/** Whether a height is from before this node's ledger. `height` of the answer is where that begins. */
function prunedAt({ store }: Pick<MemberNode, 'store'>, height: number): Problem | undefined {
  const beginning = store.beginning()
  return beginning.height > 0 && height <= beginning.height
    ? problem('pruned', { height: beginning.height })
    : undefined
}

/** The same of the events behind a cursor. */
export function prunedAfter({ store }: Pick<MemberNode, 'store'>, after: number): Problem | undefined {
  const { event, height } = store.beginning()
  return after + 1 < event
    ? problem('pruned', { at: 'query.after', expected: `a cursor from ${event - 1} on`, height })
    : undefined
}

function tipOf({ store }: MemberNode) {
  const tip = store.tip()
  if (!tip) throw new Error('the replica has no genesis')
  return tip
}

function lineOf({ outcomes }: StoredBlock, bytes: Uint8Array, index: number) {
  const read = readEnvelope(bytes)
  const outcome = outcomes[index]
  if (!read.ok) return { index, bytes: bytes.length, outcome }
  const { id, body } = read.value
  const { sponsor, contract, validUntil } = body
  return { index, id: toHex(id), sponsor, contract, validUntil, bytes: bytes.length, outcome }
}
