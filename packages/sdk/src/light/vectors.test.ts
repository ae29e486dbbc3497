/** A network of CometBFT v0.40.0 (vectors/light): its hashes, its votes and its proofs are read as it made them. */
import { toHex } from '@plexus/codec'
import { merklePath, sha256, verifyZip215 } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { isTransactionIn } from './included.ts'
import { dataHashOf, headerHashOf, validatorsHashOf, votedBytes } from './light-hashes.ts'
import { base64, blockOf, chainName, heightMax, soonAfter, trustedAt, vectors } from './network.testing.ts'
import { decodeTrusted, encodeTrusted, startFromCheckpoint, startFromGenesis } from './trusted-block.ts'
import { lightSettings, verifyAdjacent, verifyBackwards, verifyNonAdjacent } from './verify-header.ts'

const heights = Array.from({ length: heightMax }, (_, index) => index + 1)
const genesis = {
  chainName,
  height: vectors.genesis.height,
  appHash: new Uint8Array(8),
  validators: vectors.genesis.validators.map(({ key, power }) => ({ key: base64(key), power: BigInt(power) })),
}

test('the hash of each header is the one that the validators voted for, and that the next header names', () => {
  for (const height of heights) {
    const { header, commit } = blockOf(height)
    expect(toHex(headerHashOf(header))).toBe(toHex(commit.block.hash))
    if (height < heightMax) expect(blockOf(height + 1).header.lastBlock).toEqual(commit.block)
  }
})

test('the hash of each set of validators is in its header, and was announced by the header before', () => {
  for (const height of heights) {
    const { header, validators } = blockOf(height)
    expect(toHex(validatorsHashOf(validators))).toBe(toHex(header.validatorsHash))
    if (height > 1) expect(header.validatorsHash).toEqual(blockOf(height - 1).header.nextValidatorsHash)
  }
  expect(heights.map((height) => blockOf(height).validators.length).join('')).toBe('22224444444442222')
})

test('the transactions of each block hash to what its header says', () => {
  for (const { height, transactions } of vectors.blocks)
    expect(toHex(dataHashOf(transactions.map(base64)))).toBe(toHex(blockOf(height).header.dataHash))
})

test('each header follows from the one before, one vote absent and one for nothing among them', () => {
  for (const height of heights.slice(1))
    expect(verifyAdjacent(trustedAt(height - 1), blockOf(height), soonAfter(height), lightSettings)).toMatchObject({
      ok: true,
    })
  const types = heights.flatMap((height) => blockOf(height).commit.votes.map(({ type }) => type))
  expect([...new Set(types)].sort()).toEqual(['absent', 'block', 'nil'])
})

test('every vote is signed as it is read: over the block, or over none', () => {
  for (const { commit, validators } of heights.map(blockOf))
    for (const [index, vote] of commit.votes.entries())
      if (vote.type !== 'absent') {
        const message = votedBytes(chainName, commit, vote.type === 'block' ? commit.block : null, vote.time)
        expect(verifyZip215(validators[index]?.key ?? new Uint8Array(0), message, vote.signature)).toBe(true)
      }
})

test('a header further on follows where more than a third of the known validators voted for it', () => {
  const verdict = (from: number, to: number) =>
    verifyNonAdjacent(trustedAt(from), blockOf(to), soonAfter(to), lightSettings)
  expect(verdict(1, 13).ok).toBe(true)
  expect(verdict(5, 17).ok).toBe(true)
  expect(verdict(1, 14)).toEqual({ ok: false, reason: { type: 'too-little-trusted-power', voted: 0n, needed: 6n } })
})

test('each header is the one before the next', () => {
  for (const height of heights.slice(1)) expect(verifyBackwards(trustedAt(height), blockOf(height - 1)).ok).toBe(true)
})

test('trust begins at the founders or at a checkpoint, and comes back from its bytes', () => {
  const first = startFromGenesis(genesis, blockOf(1))
  expect(first).toEqual({ ok: true, value: trustedAt(1) })
  const { hash } = trustedAt(9)
  expect(startFromCheckpoint({ chainName, height: 9, hash }, blockOf(9))).toEqual({ ok: true, value: trustedAt(9) })
  for (const height of heights)
    expect(decodeTrusted(encodeTrusted(trustedAt(height)))).toEqual({ ok: true, value: trustedAt(height) })
})

test('a transaction is shown in its block by the path that CometBFT gives, and no other is', () => {
  const { height, proofs } = vectors.inclusion
  const { header } = blockOf(height)
  const transactions = (vectors.blocks.find((block) => block.height === height)?.transactions ?? []).map(base64)
  expect(proofs.length).toBe(5)
  for (const { data, proof } of proofs) {
    const [index, count, path] = [Number(proof.index), Number(proof.total), proof.aunts.map(base64)]
    expect(isTransactionIn(header, base64(data), { index, count, path })).toBe(true)
    expect(path).toEqual(merklePath(transactions.map(sha256), index))
    expect(isTransactionIn(header, base64(data), { index: (index + 1) % count, count, path })).toBe(false)
    expect(isTransactionIn(blockOf(height + 1).header, base64(data), { index, count, path })).toBe(false)
  }
})
