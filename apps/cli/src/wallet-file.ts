/** A wallet on disk: readable for its owner alone, written whole or not at all. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { decodeWalletFile, encodeWalletFile, type WalletFile } from '@plexus/sdk'
import { Refused } from './screen.ts'

export function readWalletFile(path: string): WalletFile {
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
  const temporary = `${path}.new`
  const opened = openSync(temporary, 'w', 0o600)
  try {
    writeSync(opened, encodeWalletFile(file))
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
  renameSync(temporary, path)
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
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
