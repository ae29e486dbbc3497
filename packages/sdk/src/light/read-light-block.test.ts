/** Answers of a source that may send anything: one form is read, each other is refused with the place, and without a value. */
import { utf8 } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { answerBytesMax } from './json-fields.ts'
import { totalPowerMax, validatorsMax } from './light-block.ts'
import { answersOfBlock, mint, type Seat, seats } from './mint.testing.ts'
import { answersOf, blockOf, trustedAt } from './network.testing.ts'
import { readLightBlock } from './read-light-block.ts'
import { decodeTrusted, encodeTrusted, startFromCheckpoint, startFromGenesis } from './trusted-block.ts'

/** Height 8 of the network that ran: four validators, one of whom did not vote. */
const answers = answersOf(8)
const texts = { commit: Buffer.from(answers.commit).toString(), validators: Buffer.from(answers.validators).toString() }

function readWith(part: 'commit' | 'validators', from: string | RegExp, to: string) {
  const changed = texts[part].replace(from, to)
  expect(changed).not.toBe(texts[part])
  return readLightBlock({ ...answers, [part]: utf8(changed) })
}
const malformed = (path: string, expected: string) => ({ ok: false, reason: { type: 'malformed', path, expected } })
const header = '$.result.signed_header.header'
const commit = '$.result.signed_header.commit'

describe('an answer is refused', () => {
  const faults: readonly (readonly ['commit' | 'validators', string | RegExp, string, string, string])[] = [
    ['commit', '"jsonrpc"', '"jsonrpd"', '$', 'no other member'],
    ['commit', '"result":', '"error":', '$', 'no other member'],
    ['commit', '"chain_id":', '"chain":', header, 'no other member'],
    ['commit', '"height":"8",', '', `${header}.height`, 'a member of this name'],
    ['commit', '"chain_id":"plexus-light-vectors"', '"chain_id":""', `${header}.chain_id`, 'a text of 1 to 50 bytes'],
    ['commit', 'plexus-light-vectors', 'x'.repeat(51), `${header}.chain_id`, 'a text of 1 to 50 bytes'],
    ['commit', '"height":"8"', '"height":8', `${header}.height`, 'a text'],
    ['commit', '"height":"8"', '"height":"08"', `${header}.height`, 'a whole number up to 9007199254740991'],
    ['commit', '"height":"8"', '"height":"-8"', `${header}.height`, 'a whole number up to 9007199254740991'],
    [
      'commit',
      '"height":"8"',
      '"height":"9007199254740992"',
      `${header}.height`,
      'a whole number up to 9007199254740991',
    ],
    ['commit', '"height":"8"', '"height":"0"', `${header}.height`, 'a height from 1 on'],
    ['commit', '"app":"1"', '"app":"1","more":"1"', `${header}.version`, 'no other member'],
    ['commit', '"time":"2026-', '"time":"0026-', `${header}.time`, 'a time of RFC 3339 in UTC, from 1970 on'],
    ['commit', /"data_hash":"../, '"data_hash":"', `${header}.data_hash`, 'hexadecimal of 32 bytes'],
    ['commit', /"data_hash":"../, '"data_hash":"ZZ', `${header}.data_hash`, 'hexadecimal of at most 32 bytes'],
    [
      'commit',
      /"app_hash":"/,
      `"app_hash":"${'00'.repeat(64)}`,
      `${header}.app_hash`,
      'hexadecimal of at most 64 bytes',
    ],
    ['commit', '"total":1', '"total":0', `${header}.last_block_id.hash`, 'hexadecimal of at most 0 bytes'],
    ['commit', '"round":0', '"round":-1', `${commit}.round`, 'a whole number up to 2147483647'],
    ['commit', '"round":0', '"round":0.5', `${commit}.round`, 'a whole number up to 2147483647'],
    ['commit', '"round":0', '"round":"0"', `${commit}.round`, 'a number'],
    ['commit', '"block_id_flag":2', '"block_id_flag":0', `${commit}.signatures[0].block_id_flag`, 'a flag from 1 to 3'],
    [
      'commit',
      '"block_id_flag":2',
      '"block_id_flag":4',
      `${commit}.signatures[0].block_id_flag`,
      'a whole number up to 3',
    ],
    [
      'commit',
      '"block_id_flag":2',
      '"block_id_flag":1',
      `${commit}.signatures[0].validator_address`,
      'hexadecimal of at most 0 bytes',
    ],
    [
      'commit',
      '"block_id_flag":1',
      '"block_id_flag":2',
      `${commit}.signatures[1].validator_address`,
      'hexadecimal of 20 bytes',
    ],
    ['commit', '"0001-01-01', '"0001-01-02', `${commit}.signatures[1].timestamp`, 'no time where no vote is'],
    ['commit', '"signature":null', '"signature":""', `${commit}.signatures[1].signature`, 'null where no vote is'],
    ['commit', /"signature":"..../, '"signature":"', `${commit}.signatures[0].signature`, 'base 64 of 64 bytes'],
    ['validators', '"block_height":"8"', '"block_height":"9"', '$.result.block_height', 'the height of the commit'],
    ['validators', '"total":"4"', '"total":"5"', '$.result.total', 'the number of validators shown'],
    ['validators', '"count":"4"', '"count":"3"', '$.result.count', 'the number of validators shown'],
    ['validators', 'PubKeyEd25519', 'PubKeySecp256k1', '$.result.validators[0].pub_key.type', 'an Ed25519 key'],
    ['validators', /"address":"../, '"address":"00', '$.result.validators[0].address', 'the address of the key'],
    ['validators', '"voting_power":"10"', '"voting_power":"0"', '$.result.validators', 'validators with power'],
    [
      'validators',
      '"voting_power":"10"',
      `"voting_power":"${totalPowerMax}"`,
      '$.result.validators',
      `a power of at most ${totalPowerMax} together`,
    ],
    [
      'validators',
      '"voting_power":"10"',
      `"voting_power":"${totalPowerMax + 1n}"`,
      '$.result.validators[0].voting_power',
      `a whole number up to ${totalPowerMax}`,
    ],
    [
      'validators',
      '"proposer_priority":"',
      '"proposer_priority":"E',
      '$.result.validators[0].proposer_priority',
      'a whole number up to 9223372036854775807',
    ],
    ['validators', '"proposer_priority":"', '"proposer_priority":1,"x":"', '$.result.validators[0]', 'no other member'],
  ]
  for (const [part, from, to, path, expected] of faults)
    test(`${path}: ${expected} (${to.slice(0, 40)})`, () => {
      expect(readWith(part, from, to)).toEqual(malformed(path, expected))
    })

  test('that is no JSON, or too long, or has a name twice', () => {
    expect(readLightBlock({ ...answers, commit: utf8('{') }).ok).toBe(false)
    expect(readLightBlock({ ...answers, commit: new Uint8Array(answerBytesMax + 1) })).toEqual(
      malformed('$', `at most ${answerBytesMax} bytes`),
    )
    expect(readWith('commit', '"id":-1', '"id":-1,"id":-1').ok).toBe(false)
  })

  test('with no validators, one of them twice, or more than a page holds', () => {
    const shown = (all: readonly Seat[]) => {
      const { commit: voted, validators } = answersOfBlock(mint({ height: 3, validators: all }))
      return readLightBlock({ commit: utf8(JSON.stringify(voted)), validators: utf8(JSON.stringify(validators)) })
    }
    const many = Array.from({ length: validatorsMax + 1 }, (_, index) => `v${index}`)
    expect(shown(seats(many.slice(1).join(' '))).ok).toBe(true)
    expect(shown(seats(many.join(' '))).ok).toBe(false)
    expect(shown(seats('ann ann'))).toEqual(malformed('$.result.validators', 'each validator once'))
    const none = '{"jsonrpc":"2.0","id":-1,"result":{"block_height":"8","validators":[],"count":"0","total":"0"}}'
    expect(readLightBlock({ ...answers, validators: utf8(none) })).toEqual(
      malformed('$.result.validators', `1 to ${validatorsMax} validators`),
    )
  })
})

test('where trust begins must be the block that was named', () => {
  const { chainName } = blockOf(1).header
  const { hash } = trustedAt(8)
  const refused = { ok: false, reason: { type: 'not-the-checkpoint' } }
  expect(startFromCheckpoint({ chainName, height: 7, hash }, blockOf(7))).toEqual(refused)
  expect(startFromCheckpoint({ chainName, height: 7, hash }, blockOf(8))).toEqual(refused)
  expect(startFromCheckpoint({ chainName: 'another', height: 8, hash }, blockOf(8))).toEqual({
    ok: false,
    reason: { type: 'other-chain' },
  })
  const few = mint({ height: 8, validators: seats('ann bob cleo'), voters: 'ann' })
  expect(startFromCheckpoint({ chainName: 'minted', height: 8, hash: few.commit.block.hash }, few)).toMatchObject({
    ok: false,
    reason: { type: 'too-little-power' },
  })
  const appHash = blockOf(1).header.appHash
  const founders = blockOf(1).validators.map(({ key, power }) => ({ key, power }))
  const genesis = { chainName, height: 1, appHash, validators: founders }
  expect(startFromGenesis(genesis, blockOf(1)).ok).toBe(true)
  const stronger = founders.map(({ key }) => ({ key, power: 11n }))
  const reasons = [
    [{ ...genesis, validators: stronger }, 'validators-not-announced'],
    [{ ...genesis, height: 2 }, 'not-the-first-block'],
    [{ ...genesis, appHash: new Uint8Array(32) }, 'not-the-first-block'],
    [{ ...genesis, chainName: 'another' }, 'other-chain'],
  ] as const
  for (const [other, type] of reasons)
    expect(startFromGenesis(other, blockOf(1))).toEqual({ ok: false, reason: { type } })
  expect(startFromGenesis({ ...genesis, height: 2 }, blockOf(2))).toEqual({
    ok: false,
    reason: { type: 'not-the-first-block' },
  })
})

test('trust that was kept comes back whole, or not at all', () => {
  const bytes = encodeTrusted(trustedAt(8))
  let read = 0
  for (let index = 0; index < bytes.length; index++) {
    const answer = decodeTrusted(bytes.map((byte, each) => (each === index ? byte ^ 1 : byte)))
    // What is not under the hash of the validators has no second witness on a disk of one's own.
    if (answer.ok) read++
    else expect(['malformed', 'validators-not-in-header']).toContain(answer.reason.type)
  }
  expect(read).toBeLessThan(bytes.length)
  expect(decodeTrusted(bytes.slice(1)).ok).toBe(false)
  const [one, ...rest] = trustedAt(8).validators
  if (!one) throw new Error('no validators')
  for (const validators of [rest, [one, one, ...rest], [{ ...one, power: -1n }, ...rest]])
    expect(decodeTrusted(encodeTrusted({ ...trustedAt(8), validators }))).toEqual({
      ok: false,
      reason: { type: 'validators-not-in-header' },
    })
})
