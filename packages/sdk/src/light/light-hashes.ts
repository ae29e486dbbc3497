/** What CometBFT hashes and signs (types/block.go, types/validator_set.go, types/canonical.go of v0.40). */
import { concatBytes } from '@plexus/codec'
import { merkleRoot, sha256 } from '@plexus/crypto'
import { transactionLeaves } from '@plexus/kernel'
import { type Instant, timestamp } from './instant.ts'
import type { BlockId, LightCommit, LightHeader, Validator } from './light-block.ts'
import { bytesField, delimited, fixed64Field, messageField, numberField, textField } from './proto.ts'

const addressLength = 20
const precommit = 2

export const addressOf = (key: Uint8Array): Uint8Array => sha256(key).slice(0, addressLength)

/** The root over the header's fields, each in its wrapper; a field that is empty is a leaf of no bytes. */
export function headerHashOf(header: LightHeader): Uint8Array {
  return merkleRoot([
    concatBytes(numberField(1, header.blockVersion), numberField(2, header.appVersion)),
    textField(1, header.chainName),
    numberField(1, header.height),
    timestamp(header.time),
    blockIdMessage(header.lastBlock),
    ...[
      header.lastCommitHash,
      header.dataHash,
      header.validatorsHash,
      header.nextValidatorsHash,
      header.consensusHash,
      header.appHash,
      header.lastResultsHash,
      header.evidenceHash,
      header.proposer,
    ].map((value) => bytesField(1, value)),
  ])
}

/** The root over the validators' keys and powers, in their order. */
export function validatorsHashOf(validators: readonly Validator[]): Uint8Array {
  return merkleRoot(
    validators.map(({ key, power }) => concatBytes(messageField(1, bytesField(1, key)), numberField(2, power))),
  )
}

/** The root over the hashes of the block's transactions, in their order. */
export function dataHashOf(transactions: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(transactionLeaves('cometbft', transactions))
}

/** What a validator signed when it voted (`CanonicalVote`, length in front); null for a vote for nothing. */
export function votedBytes(
  chainName: string,
  { height, round }: Pick<LightCommit, 'height' | 'round'>,
  block: BlockId | null,
  time: Instant,
): Uint8Array {
  return delimited(
    concatBytes(
      numberField(1, precommit),
      fixed64Field(2, height),
      fixed64Field(3, round),
      block ? messageField(4, blockIdMessage(block)) : new Uint8Array(0),
      messageField(5, timestamp(time)),
      textField(6, chainName),
    ),
  )
}

/** `BlockID` and `CanonicalBlockID` have the same bytes. */
function blockIdMessage(id: BlockId | null): Uint8Array {
  if (!id) return messageField(2)
  return concatBytes(
    bytesField(1, id.hash),
    messageField(2, numberField(1, id.partsTotal), bytesField(2, id.partsHash)),
  )
}
