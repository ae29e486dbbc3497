/** Where trust begins, and how it is kept between two runs: the last header that was verified, with its validators. */
import {
  amount,
  bytes,
  decode,
  encode,
  equalBytes,
  list,
  type Malformed,
  no,
  object,
  ok,
  option,
  type Result,
  text,
  uint,
} from '@plexus/codec'
import { appHashBytesMax, chainNameBytesMax, type LightBlock, type TrustedBlock, validatorsMax } from './light-block.ts'
import { addressOf, headerHashOf, validatorsHashOf } from './light-hashes.ts'
import { setFault, validatorSetOf } from './validator-set.ts'
import { ownValidatorsVoted } from './verify-commit.ts'
import { type HeaderRefusal, verifyWhole } from './verify-header.ts'

/** What a genesis document says, and what follows from it (`lightGenesisOf`). */
export interface LightGenesis {
  readonly chainName: string
  /** Of the first block. */
  readonly height: number
  /** The state on which the first block runs. */
  readonly appHash: Uint8Array
  readonly validators: readonly { readonly key: Uint8Array; readonly power: bigint }[]
}

/** A header that somebody vouches for: by its hash, out of band. */
export interface LightCheckpoint {
  readonly chainName: string
  readonly height: number
  readonly hash: Uint8Array
}

export type StartRefusal =
  | HeaderRefusal
  | { readonly type: 'not-the-first-block' }
  | { readonly type: 'not-the-checkpoint' }

/** Trust in the founders: the first block runs on what they founded, and two thirds of their power voted for it. */
export function startFromGenesis(genesis: LightGenesis, first: LightBlock): Result<TrustedBlock, StartRefusal> {
  const isFirst = first.header.height === genesis.height && first.header.lastBlock === null
  if (!isFirst || !equalBytes(first.header.appHash, genesis.appHash)) return no({ type: 'not-the-first-block' })
  const founders = validatorsHashOf(validatorSetOf(genesis.validators))
  if (!equalBytes(first.header.validatorsHash, founders)) return no({ type: 'validators-not-announced' })
  return startFrom(first, genesis.chainName)
}

/** Trust in one header by its hash. Its votes are checked as well: a hash that was copied wrongly cannot be met. */
export function startFromCheckpoint(
  checkpoint: LightCheckpoint,
  block: LightBlock,
): Result<TrustedBlock, StartRefusal> {
  const isIt = block.header.height === checkpoint.height && equalBytes(headerHashOf(block.header), checkpoint.hash)
  return isIt ? startFrom(block, checkpoint.chainName) : no({ type: 'not-the-checkpoint' })
}

function startFrom(block: LightBlock, chainName: string): Result<TrustedBlock, StartRefusal> {
  const whole = verifyWhole(block, chainName)
  if (!whole.ok) return whole
  const voted = ownValidatorsVoted(block, new Map())
  return voted.ok ? ok(trustedOf(block)) : voted
}

/** A block that was verified, without the votes: nothing asks for them again. */
export function trustedOf({ header, validators }: LightBlock): TrustedBlock {
  return { header, hash: headerHashOf(header), validators }
}

const hash = bytes({ length: 32 })
const instant = object({ seconds: uint(), nanoseconds: uint(999_999_999) })
const kept = object({
  header: object({
    blockVersion: uint(),
    appVersion: uint(),
    chainName: text({ max: chainNameBytesMax }),
    height: uint(),
    time: instant,
    lastBlock: option(object({ hash, partsTotal: uint(), partsHash: hash })),
    lastCommitHash: hash,
    dataHash: hash,
    validatorsHash: hash,
    nextValidatorsHash: hash,
    consensusHash: hash,
    appHash: bytes({ max: appHashBytesMax }),
    lastResultsHash: hash,
    evidenceHash: hash,
    proposer: bytes({ length: 20 }),
  }),
  validators: list(object({ key: hash, power: amount() }), { max: validatorsMax }),
})

/** For a disk of one's own: whoever can change these bytes chooses what is trusted. */
export function encodeTrusted({ header, validators }: TrustedBlock): Uint8Array {
  return encode(kept, { header, validators: validators.map(({ key, power }) => ({ key, power })) })
}

/** Refuses bytes in another form, and validators that are not the header's: damage is seen, a forger is not. */
export function decodeTrusted(
  source: Uint8Array,
): Result<TrustedBlock, Malformed | { readonly type: 'validators-not-in-header' }> {
  const read = decode(kept, source)
  if (!read.ok) return read
  const { header } = read.value
  const validators = read.value.validators.map(({ key, power }) => ({ address: addressOf(key), key, power }))
  if (setFault(validators) || !equalBytes(validatorsHashOf(validators), header.validatorsHash))
    return no({ type: 'validators-not-in-header' })
  return ok({ header, hash: headerHashOf(header), validators })
}
