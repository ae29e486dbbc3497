/** A fork that was seen is shown to whoever has the genesis document, by bytes alone; what is no fork is shown as none. */
import { encode, utf8 } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { chainNameOf, foundChain } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { lightGenesisOf } from './chain-founders.ts'
import { checkForkEvidence, type ForkEvidence, gatherForkEvidence } from './fork-evidence.ts'
import { decodeKeptBlocks, encodeKeptBlocks, type FetchAnswers } from './kept-blocks.ts'
import type { LightBlock } from './light-block.ts'
import { answersOfBlock, chainOf, hashOf, seats, setOf, start, voted } from './mint.testing.ts'

const four = seats('ann bob cleo dan')
const height = 30

type MembersEvent = Parameters<(typeof members.event)['write']>[1]

/** A network whose founders are the validators of the minted blocks. */
function founded(name: string) {
  const events = setOf(four).flatMap(({ key, power }, index): readonly MembersEvent[] => {
    const member = `member-${index + 1}`
    return [
      { type: 'member-founded', member, address: 'local:', sealingKey: new Uint8Array(1216), owner: member },
      { type: 'validator-set', member, key, power: Number(power), height: 0 },
    ]
  })
  const founding = events.map((event) => ({ contract: members.name, event: encode(members.event, event) }))
  return foundChain({ name, time: start, engine: { type: 'cometbft' }, founding })
}

const chain = founded('forked')
const { appHash } = lightGenesisOf(chain)
const blocks = chainOf(height, new Map([[1, four]]), (at) => ({
  chainName: chainNameOf(chain),
  ...(at === 1 && { appHash }),
}))
const last = blocks[height - 1] as LightBlock
/** The other story; its proposer and two others signed both. */
const other = voted({ ...last.header, appHash: hashOf('another state') }, last.validators, { voters: 'ann bob cleo' })

function answering(tip: LightBlock): FetchAnswers {
  return async (at) => {
    const block = at === height ? tip : blocks[at - 1]
    if (!block) return undefined
    const { commit, validators } = answersOfBlock(block)
    return { commit: utf8(JSON.stringify(commit)), validators: utf8(JSON.stringify(validators)) }
  }
}

const seen = { chain, height, seenAt: last.header.time.seconds + 5, checkpoint: null }

async function gathered(of: Partial<Parameters<typeof gatherForkEvidence>[0]> = {}): Promise<ForkEvidence> {
  const parts = { ...seen, primary: answering(last), witness: answering(other), ...of }
  const evidence = await gatherForkEvidence(parts)
  if (!evidence) throw new Error('no evidence was gathered')
  const read = decodeKeptBlocks(encodeKeptBlocks(evidence))
  if (!read.ok || read.value.type !== 'fork') throw new Error('evidence does not read back')
  return read.value
}

test('two blocks with votes are evidence, which names those who voted for both', async () => {
  const checked = await checkForkEvidence(chain, await gathered())
  expect(checked).toMatchObject({ ok: true, value: { height, power: 30n, powerOfAll: 40n } })
  if (!checked.ok) return
  expect(checked.value.hashes).toEqual([last.commit.block.hash, other.commit.block.hash])
  const keys = setOf(seats('ann bob cleo')).map(({ key }) => key)
  expect(checked.value.votedForBoth.map(({ key }) => key)).toEqual(expect.arrayContaining(keys))
})

test('evidence from a checkpoint holds as it does from genesis, and not from another header', async () => {
  const checkpoint = { height: 12, hash: (blocks[11] as LightBlock).commit.block.hash }
  const evidence = await gathered({ checkpoint })
  expect(await checkForkEvidence(chain, evidence)).toMatchObject({ ok: true })
  const moved = { ...evidence, checkpoint: { ...checkpoint, hash: hashOf('no header') } }
  expect(await checkForkEvidence(chain, moved)).toEqual({
    ok: false,
    reason: { type: 'no-fork', why: 'not-the-checkpoint' },
  })
})

test('where both show the same, or one has no votes, there is nothing to show', async () => {
  const parts = { ...seen, primary: answering(last) }
  expect(await gatherForkEvidence({ ...parts, witness: answering(last) })).toBeUndefined()
  const few = voted(other.header, last.validators, { voters: 'ann bob' })
  expect(await gatherForkEvidence({ ...parts, witness: answering(few) })).toBeUndefined()
})

test('evidence that was changed, of another chain, or seen at a time when nobody could believe it, proves nothing', async () => {
  const evidence = await gathered()
  const refused = async (changed: ForkEvidence, of = chain) => {
    const checked = await checkForkEvidence(of, changed)
    return checked.ok ? 'proven' : checked.reason
  }
  expect(await refused({ ...evidence, witness: evidence.primary })).toEqual({ type: 'no-fork', why: 'agreed' })
  expect(await refused({ ...evidence, witness: [] })).toEqual({ type: 'no-fork', why: 'no-witness-agrees' })
  expect(await refused({ ...evidence, primary: evidence.primary.slice(1) })).toEqual({
    type: 'no-fork',
    why: 'not-sent',
  })
  expect(await refused({ ...evidence, seenAt: start + 30 * 86_400 })).toEqual({ type: 'no-fork', why: 'not-verified' })
  expect(await refused(evidence, founded('another'))).toEqual({ type: 'other-chain' })
})
