/** A wallet on disk: readable for its owner alone, written whole or not at all. */
import { readFileSync } from 'node:fs'
import { decodeWalletFile, encodeWalletFile, type WalletFile } from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import { Refused } from './screen.ts'

/** `former`: see `decodeWalletFile`. */
export function readWalletFile(path: string): WalletFile & { readonly former: boolean } {
  const read = decodeWalletFile(readBytes(path, 'wallet'))
  if (read.ok) return read.value
  const { part, expected } = read.reason
  throw new Refused(
    'not-a-wallet-file',
    `${path} is not a wallet file: ${part} must be ${expected}.`,
    'Give another --wallet, or restore the file.',
  )
}

/** Durable when it returns: a wallet that forgot a step could not prove whose it is. */
export function writeWalletFile(path: string, file: WalletFile): void {
  writeDurably(path, encodeWalletFile(file))
}

export function readBytes(path: string, what: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new Refused(
      missing ? 'file-missing' : 'file-unreadable',
      missing ? `There is no ${what} at ${path}.` : `The ${what} at ${path} cannot be read.`,
      missing ? 'Check the path.' : 'Check who may read it.',
    )
  }
}
