/** The wallet of the demonstration on disk, readable for its owner alone. */
import { existsSync, readFileSync } from 'node:fs'
import { equalBytes } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import { decodeWalletFile, encodeWalletFile, type Wallet } from '@plexus/sdk'
import { writeDurably } from '@plexus/store'

export interface OpenedWallet {
  readonly wallet: Wallet
  readonly taken: ReadonlyMap<string, number>
  readonly former: boolean
}

export function keepWalletFile(path: string, { root, chain, state }: Wallet, taken: ReadonlyMap<string, number>): void {
  writeDurably(path, encodeWalletFile({ root, chain, state, taken }))
}

/**
 * The wallet that was kept at `path`, or undefined when there is none. `former`: a former version wrote it, and what is given is
 * to be brought back from its root before it is kept. A file of another chain is a bug of its keeper.
 */
export function openWalletFile(path: string, chain: Chain, random: RandomBytes): OpenedWallet | undefined {
  if (!existsSync(path)) return undefined
  const read = decodeWalletFile(new Uint8Array(readFileSync(path)))
  if (!read.ok) throw new Error(`${path} is not a wallet of this version: ${read.reason.type}`)
  const { root, state, taken, former } = read.value
  if (!equalBytes(read.value.chain.bytes, chain.bytes)) throw new Error(`${path} is a wallet of another chain`)
  return { wallet: { chain, root, random, state }, taken, former }
}
