/**
 * The process that makes one snapshot: it has the ledger's environment open, and reads one height of it. No thread of the
 * node, since LMDB's tables must not be opened by two threads of a process at once, and what goes wrong here ends nothing.
 * `snapshot-process.ts LEDGER DIRECTORY CHAIN HEIGHT`, the chain in hexadecimal.
 */
import { openEnvironment } from './environment.ts'
import { takeSnapshot } from './snapshot-take.ts'

function said(ledger: string, directory: string, chain: string, height: number) {
  try {
    const environment = openEnvironment({ directory: ledger, kind: 'ledger', chain: Buffer.from(chain, 'hex') })
    try {
      return takeSnapshot({ environment, height, directory, onLooking: () => process.send?.({ type: 'looking' }) })
    } finally {
      environment.close()
    }
  } catch (error) {
    return { type: 'failed', says: error instanceof Error ? error.message : 'what was thrown is no error' }
  }
}

const [, , ledger = '', directory = '', chain = '', height] = process.argv
process.send?.(said(ledger, directory, chain, Number(height)), () => process.disconnect())
