/** Members that show minted blocks to each other over real connections: the same story, or another one. */
import { encode, toHex, utf8 } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { publicKeyOf, systemRandom } from '@plexus/crypto'
import { type AskLight, readLightQuestion } from '@plexus/engine'
import { type Chain, chainNameOf, foundChain } from '@plexus/kernel'
import { type PeersOptions, startPeers } from '@plexus/peers'
import { type LightBlock, lightGenesisOf, type Validator } from '@plexus/sdk'
import { onTestFinished } from 'vitest'
import { schedule } from './schedule.ts'

interface Seat {
  readonly name: string
  readonly power: bigint
}

/** Validators whose keys the tests of the light client hold. */
export const minting = (await import(
  new URL('../../../packages/sdk/src/light/mint.testing.ts', import.meta.url).href
)) as {
  readonly start: number
  seats(names: string): readonly Seat[]
  setOf(seats: readonly Seat[]): readonly Validator[]
  chainOf(
    height: number,
    changes: ReadonlyMap<number, readonly Seat[]>,
    header: (height: number) => Partial<LightBlock['header']>,
  ): readonly LightBlock[]
  voted(header: LightBlock['header'], of: readonly Validator[], by: { readonly voters: string }): LightBlock
  answersOfBlock(block: LightBlock): { readonly commit: object; readonly validators: object }
}

const four = minting.seats('ann bob cleo dan')
export const newest = 40
export const forkedAt = 30

type MembersEvent = Parameters<(typeof members.event)['write']>[1]
const founding = minting.setOf(four).flatMap(({ key, power }, index): readonly MembersEvent[] => {
  const member = `member-${index + 1}`
  return [
    { type: 'member-founded', member, address: 'local:', sealingKey: new Uint8Array(1216), owner: member },
    { type: 'validator-set', member, key, power: Number(power), height: 0 },
  ]
})
/** Founded so many seconds before its first block. */
export const foundedBefore = (seconds: number): Chain =>
  foundChain({
    name: 'forked',
    time: minting.start - seconds,
    engine: { type: 'cometbft' },
    founding: founding.map((event) => ({ contract: members.name, event: encode(members.event, event) })),
  })
export const chain = foundedBefore(0)

/** Everybody's blocks; from a height on another story may be told, by the same validators. */
export function story(otherFrom = Number.POSITIVE_INFINITY, of = chain): readonly LightBlock[] {
  const { appHash } = lightGenesisOf(of)
  return minting.chainOf(newest, new Map([[1, four]]), (height) => ({
    chainName: chainNameOf(of),
    ...(height === 1 && { appHash }),
    ...(height >= otherFrom && { appHash: new Uint8Array(32).fill(7) }),
  }))
}

export function answering(blocks: readonly LightBlock[]): AskLight {
  return async ({ method, height }) => {
    const block = blocks[(height ?? newest) - 1]
    if (!block || method === 'consensus_params') return undefined
    return utf8(JSON.stringify(minting.answersOfBlock(block)[method]))
  }
}

/** The parts of a connection of a member that has this key; who holds one, and where a member answers, is told. */
export const wayOf = (
  seed: Uint8Array,
  of: Pick<PeersOptions, 'addressOf' | 'holderOf'>,
): Omit<PeersOptions, 'member' | 'receive' | 'status'> => ({
  ...of,
  seed: () => seed,
  random: systemRandom,
  now: () => performance.now() / 1000,
  schedule,
})

/** Each of them listens under a key of its own, and shows its blocks to whoever `holderOf` knows. */
export async function startShowing(
  others: Readonly<Record<string, readonly LightBlock[]>>,
  { guests, of = chain }: { readonly guests: ReadonlyMap<string, string>; readonly of?: Chain },
): Promise<{ readonly addresses: ReadonlyMap<string, string>; readonly holderOf: PeersOptions['holderOf'] }> {
  const addresses = new Map<string, string>()
  const holders = new Map(guests)
  for (const [member, blocks] of Object.entries(others)) {
    const seed = systemRandom(32)
    holders.set(toHex(publicKeyOf(seed)), member)
    const shown = answering(blocks)
    const peers = await startPeers(
      {
        ...wayOf(seed, { holderOf: (key) => holders.get(key), addressOf: () => undefined }),
        member,
        receive: async () => ({ ok: true, value: undefined }),
        status: () => ({ chain: of.id, member, height: newest, blockTime: 1, clock: 2, version: '0.1.0' }),
        async answer(_from, question) {
          const read = readLightQuestion(question)
          return read.ok ? shown(read.value) : undefined
        },
      },
      { host: '127.0.0.1', port: 0 },
    )
    onTestFinished(() => peers.close())
    addresses.set(member, `plexus://127.0.0.1:${peers.port}`)
  }
  return { addresses, holderOf: (key) => holders.get(key) }
}
