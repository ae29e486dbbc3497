/** Networks whose keys the tests hold: light blocks that are signed well, or as a liar among the validators would. */
import { createHash } from 'node:crypto'
import { toHex } from '@plexus/codec'
import { publicKeyOf, sign } from '@plexus/crypto'
import { toBase64 } from '../checkpoint/base64.ts'
import type { FetchLightBlock } from './follow.ts'
import type { Instant } from './instant.ts'
import type { BlockId, CommitVote, LightBlock, LightHeader, Validator } from './light-block.ts'
import { headerHashOf, validatorsHashOf, votedBytes } from './light-hashes.ts'
import { validatorSetOf } from './validator-set.ts'

export const hashOf = (name: string): Uint8Array => new Uint8Array(createHash('sha256').update(name).digest())

const mintedName = 'minted'
export const start = 1_800_000_000
const secondsPerBlock = 5
const emptyHash = hashOf('')

/** A validator by name; its key comes from the name. */
export interface Seat {
  readonly name: string
  readonly power: bigint
}

export const seats = (names: string, power = 10n): readonly Seat[] => names.split(' ').map((name) => ({ name, power }))

const seedOf = (name: string): Uint8Array => hashOf(`validator ${name}`)
const nameOfKey = new Map<string, string>()

export function setOf(all: readonly Seat[]): readonly Validator[] {
  for (const { name } of all) nameOfKey.set(toHex(publicKeyOf(seedOf(name))), name)
  return validatorSetOf(all.map(({ name, power }) => ({ key: publicKeyOf(seedOf(name)), power })))
}

export interface Minting {
  readonly height: number
  readonly validators: readonly Seat[]
  /** Those of the next block; the same unless told. */
  readonly next?: readonly Seat[]
  readonly header?: Partial<LightHeader>
  /** Who votes for the block; the others vote as `others` says. All, unless told. */
  readonly voters?: string
  readonly others?: 'absent' | 'nil'
  readonly round?: number
}

export const blockTime = (height: number): Instant => ({
  seconds: start + height * secondsPerBlock,
  nanoseconds: 7 * height,
})
export const soon = (height: number): Instant => ({ seconds: start + height * secondsPerBlock + 2, nanoseconds: 0 })

export function mint(minting: Minting): LightBlock {
  const { height, next = minting.validators } = minting
  const validators = setOf(minting.validators)
  const header: LightHeader = {
    blockVersion: 11,
    appVersion: 1,
    chainName: mintedName,
    height,
    time: blockTime(height),
    lastBlock: height === 1 ? null : blockIdOf(hashOf(`block ${height - 1}`)),
    lastCommitHash: hashOf(`commit ${height}`),
    dataHash: emptyHash,
    validatorsHash: validatorsHashOf(validators),
    nextValidatorsHash: validatorsHashOf(setOf(next)),
    consensusHash: hashOf('parameters'),
    appHash: hashOf(`state ${height}`),
    lastResultsHash: emptyHash,
    evidenceHash: emptyHash,
    proposer: (validators[0] as Validator).address,
    ...minting.header,
  }
  return voted(header, validators, minting)
}

/** A header with the votes of its validators; a vote for nothing is signed too, over no block. */
export function voted(
  header: LightHeader,
  validators: readonly Validator[],
  { voters, others = 'absent', round = 0 }: Pick<Minting, 'others' | 'round' | 'voters'> = {},
): LightBlock {
  const places = { height: header.height, round, block: blockIdOf(headerHashOf(header)) }
  const wanted = voters?.split(' ')
  const votes = validators.map((validator, index): CommitVote => {
    const type = !wanted || wanted.includes(nameOf(validator)) ? 'block' : others
    if (type === 'absent') return { type }
    const cast = { voter: validator.address, time: { seconds: header.time.seconds + 1, nanoseconds: index } }
    const message = votedBytes(header.chainName, places, type === 'block' ? places.block : null, cast.time)
    return { type, ...cast, signature: sign(seedOf(nameOf(validator)), message) }
  })
  return { header, commit: { ...places, votes }, validators }
}

export function nameOf({ key }: Validator): string {
  const name = nameOfKey.get(toHex(key))
  if (name === undefined) throw new Error('no seat has this key')
  return name
}

const blockIdOf = (hash: Uint8Array): BlockId => ({
  hash,
  partsTotal: 1,
  partsHash: hashOf(`parts ${toHex(hash)}`),
})

/** A chain in which each header names the one before it. `changes`: from which height on who validates. */
export function chainOf(
  heightMax: number,
  changes: ReadonlyMap<number, readonly Seat[]>,
  header: (height: number) => Partial<LightHeader> = () => ({}),
): readonly LightBlock[] {
  const blocks: LightBlock[] = []
  const at = (height: number): readonly Seat[] => {
    const from = Math.max(...[...changes.keys()].filter((each) => each <= height))
    return changes.get(from) ?? []
  }
  for (let height = 1; height <= heightMax; height++) {
    const last = blocks.at(-1)
    const lastBlock = last ? { lastBlock: last.commit.block } : {}
    blocks.push(
      mint({ height, validators: at(height), next: at(height + 1), header: { ...header(height), ...lastBlock } }),
    )
  }
  return blocks
}

export function sourceOf(blocks: readonly LightBlock[], asked: number[] = []): FetchLightBlock {
  return async (height) => {
    asked.push(height)
    return blocks.find(({ header }) => header.height === height)
  }
}

const upper = (bytes: Uint8Array): string => toHex(bytes).toUpperCase()
const blockIdJson = (id: BlockId | null) => ({
  hash: id ? upper(id.hash) : '',
  parts: { total: id?.partsTotal ?? 0, hash: id ? upper(id.partsHash) : '' },
})
const timeJson = ({ seconds, nanoseconds }: Instant): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanoseconds).padStart(9, '0')}Z`

/** A light block as CometBFT's RPC writes it, in two answers. */
export function answersOfBlock({ header, commit, validators }: LightBlock): {
  readonly commit: object
  readonly validators: object
} {
  const signed = {
    header: {
      version: { block: String(header.blockVersion), app: String(header.appVersion) },
      chain_id: header.chainName,
      height: String(header.height),
      time: timeJson(header.time),
      last_block_id: blockIdJson(header.lastBlock),
      last_commit_hash: upper(header.lastCommitHash),
      data_hash: upper(header.dataHash),
      validators_hash: upper(header.validatorsHash),
      next_validators_hash: upper(header.nextValidatorsHash),
      consensus_hash: upper(header.consensusHash),
      app_hash: upper(header.appHash),
      last_results_hash: upper(header.lastResultsHash),
      evidence_hash: upper(header.evidenceHash),
      proposer_address: upper(header.proposer),
    },
    commit: {
      height: String(commit.height),
      round: commit.round,
      block_id: blockIdJson(commit.block),
      signatures: commit.votes.map((vote) =>
        vote.type === 'absent'
          ? { block_id_flag: 1, validator_address: '', timestamp: '0001-01-01T00:00:00Z', signature: null }
          : {
              block_id_flag: vote.type === 'block' ? 2 : 3,
              validator_address: upper(vote.voter),
              timestamp: timeJson(vote.time),
              signature: toBase64(vote.signature),
            },
      ),
    },
  }
  const all = validators.map(({ address, key, power }) => ({
    address: upper(address),
    pub_key: { type: 'tendermint/PubKeyEd25519', value: toBase64(key) },
    voting_power: String(power),
    proposer_priority: '0',
  }))
  const count = String(all.length)
  return {
    commit: { jsonrpc: '2.0', id: -1, result: { signed_header: signed, canonical: true } },
    validators: {
      jsonrpc: '2.0',
      id: -1,
      result: { block_height: String(header.height), validators: all, count, total: count },
    },
  }
}
