/** A light block out of two answers of CometBFT's RPC: `/commit?height=` and `/validators?height=&per_page=100`. */
import { equalBytes, no, ok, type Result, utf8 } from '@plexus/codec'
import { documentOf, type JsonFields, type LightBlockRefusal, Unreadable } from './json-fields.ts'
import {
  appHashBytesMax,
  type BlockId,
  type CommitVote,
  chainNameBytesMax,
  type LightBlock,
  type LightCommit,
  type LightHeader,
  totalPowerMax,
  type Validator,
  validatorsMax,
} from './light-block.ts'
import { addressOf } from './light-hashes.ts'
import { inOrder, setFault } from './validator-set.ts'

const int32Max = 2 ** 31 - 1
const uint32Max = 2 ** 32 - 1
const signatureLength = 64
/** What Go writes for a time that was never set. */
const noTime = '0001-01-01T00:00:00Z'

/** The two answers as they came; both must be of one height. Nothing is verified yet. */
export interface LightBlockAnswers {
  readonly commit: Uint8Array
  readonly validators: Uint8Array
}

/**
 * Refuses what is not in the form that v0.38 to v0.40 write: a name or a kind of key that is not known, a second page, more
 * than `validatorsMax`, a validator twice or without power, an address that is not its key's.
 */
export function readLightBlock({ commit, validators }: LightBlockAnswers): Result<LightBlock, LightBlockRefusal> {
  try {
    const signed = resultOf(commit).members(['signed_header', 'canonical'])('signed_header')
    const parts = signed.members(['header', 'commit'])
    const header = headerIn(parts('header'))
    const read = { header, commit: commitIn(parts('commit')), validators: validatorsIn(resultOf(validators), header) }
    return ok(read)
  } catch (refused) {
    if (refused instanceof Unreadable) return no(refused.refusal)
    throw refused
  }
}

function resultOf(answer: Uint8Array): JsonFields {
  return documentOf(answer).members(['jsonrpc', 'id', 'result'])('result')
}

function headerIn(fields: JsonFields): LightHeader {
  const of = fields.members([
    'version',
    'chain_id',
    'height',
    'time',
    'last_block_id',
    'last_commit_hash',
    'data_hash',
    'validators_hash',
    'next_validators_hash',
    'consensus_hash',
    'app_hash',
    'last_results_hash',
    'evidence_hash',
    'proposer_address',
  ])
  const version = of('version')
  version.members(['block'], ['app'])
  const chainName = of('chain_id').text()
  if (chainName.length === 0 || utf8(chainName).length > chainNameBytesMax)
    throw new Unreadable(of('chain_id').path, `a text of 1 to ${chainNameBytesMax} bytes`)
  return {
    blockVersion: version.members(['block'], ['app'])('block').count(),
    appVersion: version.member('app')?.count() ?? 0,
    chainName,
    height: heightIn(of('height')),
    time: of('time').instant(),
    lastBlock: blockIdIn(of('last_block_id')),
    lastCommitHash: of('last_commit_hash').hex(32),
    dataHash: of('data_hash').hex(32),
    validatorsHash: of('validators_hash').hex(32),
    nextValidatorsHash: of('next_validators_hash').hex(32),
    consensusHash: of('consensus_hash').hex(32),
    appHash: of('app_hash').hexUpTo(appHashBytesMax),
    lastResultsHash: of('last_results_hash').hex(32),
    evidenceHash: of('evidence_hash').hex(32),
    proposer: of('proposer_address').hex(20),
  }
}

function heightIn(fields: JsonFields): number {
  const height = fields.count()
  if (height === 0) throw new Unreadable(fields.path, 'a height from 1 on')
  return height
}

/** Null where all of it is empty, as before the first block. */
function blockIdIn(fields: JsonFields): BlockId | null {
  const of = fields.members(['hash', 'parts'])
  const parts = of('parts').members(['total', 'hash'])
  const partsTotal = parts('total').small(uint32Max)
  if (partsTotal > 0) return { hash: of('hash').hex(32), partsTotal, partsHash: parts('hash').hex(32) }
  of('hash').hex(0)
  parts('hash').hex(0)
  return null
}

function commitIn(fields: JsonFields): LightCommit {
  const of = fields.members(['height', 'round', 'block_id', 'signatures'])
  const block = blockIdIn(of('block_id'))
  if (!block) throw new Unreadable(of('block_id').path, 'the block that was voted for')
  return {
    height: heightIn(of('height')),
    round: of('round').small(int32Max),
    block,
    votes: of('signatures').list(validatorsMax, voteIn),
  }
}

const voteTypes = ['absent', 'block', 'nil'] as const

function voteIn(fields: JsonFields): CommitVote {
  const of = fields.members(['block_id_flag', 'validator_address', 'timestamp', 'signature'])
  const flag = of('block_id_flag').small(voteTypes.length)
  const type = voteTypes[flag - 1]
  if (!type) throw new Unreadable(of('block_id_flag').path, 'a flag from 1 to 3')
  if (type !== 'absent')
    return {
      type,
      voter: of('validator_address').hex(20),
      time: of('timestamp').instant(),
      signature: of('signature').base64(signatureLength),
    }
  of('validator_address').hex(0)
  if (of('timestamp').text() !== noTime) throw new Unreadable(of('timestamp').path, 'no time where no vote is')
  if (!of('signature').isNull()) throw new Unreadable(of('signature').path, 'null where no vote is')
  return { type }
}

function validatorsIn(fields: JsonFields, { height }: LightHeader): readonly Validator[] {
  const of = fields.members(['block_height', 'validators', 'count', 'total'])
  if (heightIn(of('block_height')) !== height) throw new Unreadable(of('block_height').path, 'the height of the commit')
  const validators = of('validators').list(validatorsMax, validatorIn)
  for (const name of ['count', 'total'] as const)
    if (of(name).count() !== validators.length) throw new Unreadable(of(name).path, 'the number of validators shown')
  const fault = setFault(validators)
  if (fault) throw new Unreadable(of('validators').path, fault)
  // As there: in whatever order they come, a set has one order.
  return validators.toSorted(inOrder)
}

function validatorIn(fields: JsonFields): Validator {
  const of = fields.members(['address', 'pub_key', 'voting_power', 'proposer_priority'])
  const key = of('pub_key').members(['type', 'value'])
  if (key('type').text() !== 'tendermint/PubKeyEd25519') throw new Unreadable(key('type').path, 'an Ed25519 key')
  const validator = {
    address: of('address').hex(20),
    key: key('value').base64(32),
    power: of('voting_power').big(totalPowerMax),
  }
  if (!equalBytes(validator.address, addressOf(validator.key)))
    throw new Unreadable(of('address').path, 'the address of the key')
  // Only the proposer's turn hangs on it, which nobody signs.
  of('proposer_priority').unread()
  return validator
}
