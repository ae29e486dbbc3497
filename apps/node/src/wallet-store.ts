/** The wallet of the demonstration on disk, readable for its owner alone. */
import { existsSync, readFileSync } from 'node:fs'
import { equalBytes } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import { encodeWallet, openWallet, type Wallet } from '@plexus/sdk'
import { z } from 'zod'
import { writeDurably } from './layout.ts'

const file = z.strictObject({
  version: z.literal(1),
  root: z.hex(),
  chain: z.base64url(),
  state: z.base64url(),
  taken: z.record(z.string(), z.int()),
})

export function keepWalletFile(path: string, wallet: Wallet, taken: ReadonlyMap<string, number>): void {
  const content: z.infer<typeof file> = {
    version: 1,
    root: Buffer.from(wallet.root).toString('hex'),
    chain: Buffer.from(wallet.chain.bytes).toString('base64url'),
    state: Buffer.from(encodeWallet(wallet.state)).toString('base64url'),
    taken: Object.fromEntries(taken),
  }
  writeDurably(path, `${JSON.stringify(content, null, 1)}\n`)
}

/** The wallet that was kept at `path`, or undefined when there is none. A file of another chain or version is a bug of its keeper. */
export function openWalletFile(
  path: string,
  chain: Chain,
  random: RandomBytes,
): { readonly wallet: Wallet; readonly taken: ReadonlyMap<string, number> } | undefined {
  if (!existsSync(path)) return undefined
  const read = file.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!read.success) throw new Error(`${path} is not a wallet of this version`)
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))
  if (!equalBytes(bytes(read.data.chain), chain.bytes)) throw new Error(`${path} is a wallet of another chain`)
  const opened = openWallet(
    { chain, root: new Uint8Array(Buffer.from(read.data.root, 'hex')), random },
    bytes(read.data.state),
  )
  if (!opened.ok) throw new Error(`${path} is damaged at ${opened.reason.path}`)
  return { wallet: opened.value, taken: new Map(Object.entries(read.data.taken)) }
}
