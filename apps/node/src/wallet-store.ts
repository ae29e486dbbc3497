/** The wallet of the demonstration on disk, readable for its owner alone. */
import type { WalletClient } from '@plexus/sdk'
import { encodeWallet } from '@plexus/sdk'
import { writeDurably } from './layout.ts'

export function keepWalletFile(path: string, { wallet, taken }: WalletClient): void {
  const content = {
    version: 1,
    root: Buffer.from(wallet.root).toString('hex'),
    chain: Buffer.from(wallet.chain.bytes).toString('base64url'),
    state: Buffer.from(encodeWallet(wallet.state)).toString('base64url'),
    taken: Object.fromEntries(taken),
  }
  writeDurably(path, `${JSON.stringify(content, null, 1)}\n`)
}
