/**
 * That no unit of a lot was gained or lost, for whoever has the lot's trace key and believes a header: what was commissioned,
 * unit by unit, and the one entry of the ledger that answers for each at a height.
 */
import {
  bytes,
  decode,
  encode,
  equalBytes,
  type Infer,
  list,
  object,
  ok,
  type Result,
  text,
  toHex,
  uint,
} from '@plexus/codec'
import { members, packageLeavesMax, supply } from '@plexus/contracts'
import { merkleLeafHash, rootOfPath } from '@plexus/crypto'
import {
  appHash,
  blockSummary,
  type Chain,
  outcome,
  readEnvelope,
  signedHeader,
  stateKey,
  transactionBytesMax,
  verifyStateProof,
} from '@plexus/kernel'
import { stateFact } from '@plexus/policy'
import { believedHeader, engineKey, type HeaderTrust } from '../header-trust.ts'
import { type LotDoubt, refused } from './lot-refusals.ts'
import { type ShownLot, type TalliedUnit, tallyLot } from './lot-tally.ts'
import { checkLot, type LotContent, lotStatement } from './lots.ts'

const hash = bytes({ length: 32 })
/** Of a trace key. */
const traceKeyLength = 32
/** A tree over as many blocks as there can be, and more. */
const pathMax = 64
/** A lot of 20,000 units that all stand for themselves. */
export const lotProofBytesMax = 32 * 1024 * 1024
const serial = text({ min: 1, max: 20, pattern: /^[!"%-?A-Z_a-z]+$/, says: 'at most 20 characters of GS1’s set 82' })
const sscc = text({ min: 18, max: 18, pattern: /^[0-9]{18}$/, says: 'an SSCC of 18 digits' })
/** With a carrier around each, and what shows the maker's key. */
const factsMax = 100_000

export const lotProof = object({
  handle: hash,
  statement: lotStatement,
  makerKey: hash,
  /** Of a block that ran on the state that is shown: the state after the block before it. */
  header: signedHeader,
  stateRoot: hash,
  historyRoot: hash,
  /** The envelope with which the lot began, its place in its block, and that it was accepted there. */
  commissioned: object({
    envelope: bytes({ max: transactionBytesMax * 2 }),
    index: uint(),
    count: uint(),
    path: list(hash, { max: pathMax }),
    outcomePath: list(hash, { max: pathMax }),
    block: blockSummary,
    blockPath: list(hash, { max: pathMax }),
  }),
  /** What is packed in what. Units by serial; packages by SSCC, each described once. */
  packages: list(
    object({
      sscc,
      serials: list(serial, { max: packageLeavesMax }),
      packages: list(sscc, { max: packageLeavesMax }),
      noiseSeed: hash,
    }),
    { max: 32_768 },
  ),
  facts: list(stateFact, { max: factsMax }),
  /** What the maker says that it comes to, by status; the client adds up for itself. */
  totals: list(object({ status: text({ max: 20 }), units: uint() }), { max: 16 }),
})
export type LotProof = Infer<typeof lotProof>

/** A lot as the ledger proves it, on the state after the block of `height`. */
export interface VerifiedLot {
  readonly lot: LotContent
  readonly handle: string
  readonly height: number
  /** How many were commissioned: they are all here, each once. */
  readonly commissioned: number
  readonly units: readonly TalliedUnit[]
  /** How many of them are in each status: they add up to what was commissioned. */
  readonly totals: ReadonlyMap<string, number>
  /** Of the block that recalled it, or null. */
  readonly recalledAt: number | null
  /** Tags of units and packages that stand on the ledger under another lot: somebody else had their labels. */
  readonly contested: readonly string[]
}

/**
 * Checks a proof of a lot. The first failed check is the answer, with its type and a plain sentence. `trust` says why the
 * header is believed. Whose the keys are that hold units, the authority that granted them knows.
 */
export function verifyLotProof(
  chain: Chain,
  proofBytes: Uint8Array,
  { traceKey, trust = engineKey }: { readonly traceKey: Uint8Array; readonly trust?: HeaderTrust },
): Result<VerifiedLot, LotDoubt> {
  const read = decode(lotProof, proofBytes, lotProofBytesMax)
  if (!read.ok || traceKey.length !== traceKeyLength) return refused('malformed')
  const { header } = read.value.header
  if (!equalBytes(header.chain, chain.id)) return refused('header-of-another-chain')
  const believed = believedHeader(chain, read.value.header, trust)
  if (!believed.ok) return refused(believed.reason)
  const tallied = checkLotProof(chain.id, read.value, { traceKey, appHash: believed.value.appHash })
  if (!tallied.ok) return tallied
  const { totals } = tallied.value
  const said = read.value.totals
  const areSame = said.length === totals.size && said.every(({ status, units }) => totals.get(status) === units)
  return areSame ? tallied : refused('totals-differ')
}

/**
 * All but why the header is believed and that the maker added up right: for the maker's own node, whose replica has the
 * header, and which says the totals. `appHash` is the header's.
 */
export function checkLotProof(
  chain: Uint8Array,
  shown: LotProof,
  { traceKey, appHash: expected }: { readonly traceKey: Uint8Array; readonly appHash: Uint8Array },
): Result<VerifiedLot, LotDoubt> {
  const { header } = shown.header
  const { stateRoot, historyRoot, handle } = shown
  if (!equalBytes(appHash({ stateRoot, historyRoot }), expected)) return refused('state-not-in-header')
  const facts = new Map<string, Uint8Array | null>()
  for (const fact of shown.facts) {
    if (!verifyStateProof({ root: stateRoot, ...fact })) return refused('fact-not-in-state')
    facts.set(fact.key, fact.value)
  }

  const lotValue = facts.get(stateKey(supply.name, 'lots', toHex(handle)))
  const lot = lotValue && decode(supply.state.lots.value, lotValue)
  if (!lot?.ok) return refused('lot-not-commissioned')
  const content = checkLot(shown.statement, { chain, handle, lot: lot.value, makerKey: shown.makerKey })
  if (!content.ok) return refused('lot-not-believed')
  if (!hadKey(facts, { ...content.value, key: shown.makerKey, height: lot.value.height }))
    return refused('lot-not-believed')

  const commissioned = commissionedIn(shown, lot.value.height)
  if (!commissioned) return refused('not-commissioned-so')
  const { packages } = shown
  const tallied = tallyLot({ chain, traceKey, content: content.value, commissioned, facts, packages })
  if (!tallied.ok) return tallied
  const { units, contested } = tallied.value
  const totals = new Map<string, number>()
  for (const { status } of units) totals.set(status, (totals.get(status) ?? 0) + 1)
  return ok({
    lot: content.value,
    handle: toHex(handle),
    height: header.height - 1,
    commissioned: units.length,
    units,
    totals,
    recalledAt: lot.value.recalled?.height ?? null,
    contested,
  })
}

/** As `members` says who held a key at a height. */
function hadKey(
  facts: ReadonlyMap<string, Uint8Array | null>,
  { maker, key, height }: LotContent & { readonly key: Uint8Array; readonly height: number },
): boolean {
  const value = facts.get(stateKey(members.name, 'keys', toHex(key)))
  const read = value && decode(members.state.keys.value, value)
  if (!read?.ok) return false
  const { holder, from, since, status } = read.value
  return holder === maker && from !== null && height >= from && (status !== 'revoked' || height < since)
}

/**
 * The packages with which the lot began: of an envelope that stands in a block of the history, and was accepted there. One
 * handle begins once, so there is no other.
 */
function commissionedIn(
  { handle, header, historyRoot, commissioned }: LotProof,
  height: number,
): ShownLot['commissioned'] | undefined {
  const { envelope, index, count: size, path, outcomePath, block, blockPath } = commissioned
  const leads = (
    leaf: Uint8Array,
    root: Uint8Array,
    way: { index: number; size: number; path: readonly Uint8Array[] },
  ) => {
    const reached = rootOfPath({ leafHash: merkleLeafHash(leaf), ...way })
    return reached !== undefined && equalBytes(reached, root)
  }
  const accepted = encode(outcome, { space: 'kernel', code: 0 })
  const blocks = header.header.height - 1
  const stands =
    block.height === height &&
    leads(encode(blockSummary, block), historyRoot, { index: height - 1, size: blocks, path: blockPath }) &&
    leads(envelope, block.transactionsRoot, { index, size, path }) &&
    leads(accepted, block.outcomesRoot, { index, size, path: outcomePath })
  if (!stands) return undefined
  const read = readEnvelope(envelope)
  if (!read.ok || read.value.body.contract !== supply.name) return undefined
  const step = decode(supply.transaction, read.value.body.transaction, transactionBytesMax)
  const isIt =
    step.ok && step.value.type === 'commission' && step.value.lots.some((each) => equalBytes(each.handle, handle))
  return isIt && step.value.type === 'commission'
    ? step.value.packages.filter(({ lots }) => lots.some((each) => equalBytes(each, handle)))
    : undefined
}
