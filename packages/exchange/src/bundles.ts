/** Proofs for third parties, gathered from this member's own replica. */
import { decode, encode, equalBytes, toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { merklePath } from '@plexus/crypto'
import {
  type Opening,
  openingLeadsTo,
  readEnvelope,
  stateKey,
  transactionBytesMax,
  transactionLeaves,
} from '@plexus/kernel'
import {
  bundleBytesMax,
  type Committed,
  receiptBundle,
  receipt as receiptSchema,
  type SignedReleaseNote,
  type StateFact,
} from '@plexus/policy'
import type { Batches, BatchProof } from './batches.ts'
import { readIntent } from './facts.ts'
import type { Replica } from './ports.ts'

/**
 * An opened statement with everything that shows it committed: the envelope that posted its batch, the block, the signed
 * header, and, in the state on which that block ran, the poster's membership and key and whatever `keys` name besides.
 * Undefined while the batch is not committed, or when the replica has pruned that state.
 */
export function proveCommitted(
  replica: Replica,
  batches: Batches,
  of: Opening,
  keys: readonly string[],
): Committed | undefined {
  const root = openingLeadsTo(replica.chain.id, of)?.root
  if (!root) return undefined
  // Statements of one batch are told of together: all but the opening is the same for each.
  const asked = [toHex(root), ...keys].join(' ')
  const shown = batches.proofs.get(asked) ?? batches.proofs.keep(asked, proveBatch(replica, batches, root, keys))
  return shown && { opening: of, ...shown }
}

function proveBatch(
  replica: Replica,
  batches: Batches,
  root: Uint8Array,
  keys: readonly string[],
): BatchProof | undefined {
  const batch = batches.find(root)
  const block = batch && replica.block(batch.height)
  if (!block) return undefined
  for (const [index, bytes] of block.transactions.entries()) {
    const envelope = readEnvelope(bytes)
    if (!envelope.ok || envelope.value.body.contract !== notary.name) continue
    const transaction = decode(notary.transaction, envelope.value.body.transaction, transactionBytesMax)
    if (!transaction.ok || transaction.value.type !== 'post-batch' || !equalBytes(transaction.value.root, root))
      continue
    const { sponsor, signers } = envelope.value.body
    // That the root was not posted before: an envelope in a later block, refused there as a replay, would prove nothing.
    const absent = stateKey(notary.name, 'batches', toHex(root))
    const wanted = [
      absent,
      `members/members/${sponsor}`,
      ...signers.map((key) => `members/keys/${toHex(key)}`),
      ...keys,
    ]
    const facts: StateFact[] = []
    let roots: { readonly stateRoot: Uint8Array; readonly historyRoot: Uint8Array } | undefined
    for (const key of [...new Set(wanted)].sort()) {
      const proven = replica.stateProof(batch.height - 1, key)
      if (!proven || (proven.value === null) !== (key === absent)) return undefined
      roots = proven
      facts.push({ key, value: proven.value, proof: proven.proof })
    }
    if (!roots) return undefined
    return {
      envelope: bytes,
      index,
      count: block.transactions.length,
      path: merklePath(transactionLeaves(block.header.header.type, block.transactions), index),
      header: block.header,
      stateRoot: roots.stateRoot,
      historyRoot: roots.historyRoot,
      facts,
    }
  }
  return undefined
}

/**
 * The receipt bundle of one access; `intent` is null for a read by own staff, `note` when nothing was released. Undefined
 * when the replica cannot prove a commitment: not yet, or not any more.
 */
export function bundleOf(
  replica: Replica,
  batches: Batches,
  of: {
    readonly custodian: string
    readonly intent: Opening | null
    readonly receipt: Opening
    readonly note: SignedReleaseNote | null
  },
): Uint8Array | undefined {
  const known = (keys: readonly string[]): readonly string[] =>
    keys.filter((key) => replica.state.get(key) !== undefined)
  const beside = [
    `members/tenants/${of.custodian}`,
    ...(of.note ? [`members/keys/${toHex(of.note.signature.key)}`] : []),
    // A grant was decided on a later state than its intent's block shows: a role may have been reinstated in between.
    // That holds for a grant which was voided since, and has no note.
    ...(of.intent && isGrant(of.receipt) ? intentFactKeys(of.intent) : []),
  ]
  const receipt = proveCommitted(replica, batches, of.receipt, known(beside))
  const intent =
    of.intent && (proveCommitted(replica, batches, of.intent, known(intentFactKeys(of.intent))) ?? undefined)
  if (!receipt || intent === undefined) return undefined
  const bytes = encode(receiptBundle, { intent, receipt, note: of.note })
  if (bytes.length > bundleBytesMax) throw new Error('a receipt bundle is larger than its bound')
  return bytes
}

function isGrant({ statement }: Opening): boolean {
  const read = decode(receiptSchema, statement)
  return read.ok && (read.value.decision.type === 'permit' || read.value.decision.type === 'part')
}

/** Entries of the state shown beside an intent: who acts for the requester, and the clinician's role. */
function intentFactKeys({ statement }: Opening): readonly string[] {
  const read = readIntent(statement)
  if (!read.ok) throw new Error('an intent that was found on the ledger does not decode')
  const { requester, clinician } = read.value.content
  return [`members/tenants/${requester}`, `practitioners/roles/${clinician.npi}/${clinician.organisation}`]
}
