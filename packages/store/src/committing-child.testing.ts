/** Commits blocks until it is killed; says each height on stdout once `commit` has returned. Arguments: directory, blocks, and how much waits for LMDB and from where on in the thread, in bytes. */
import { writeSync } from 'node:fs'
import { openLedgerStore } from './ledger-store.ts'
import { StoreError } from './store-error.ts'
import { nextBlock, tallyMachine } from './tally.testing.ts'

const [directory = '', blocks = '0', journalBytesMax, threadBytesMin] = process.argv.slice(2)
const machine = tallyMachine()
const store = openLedgerStore(directory, {
  chain: machine.chain.id,
  proofHeights: 20,
  journalBytesMax: Number(journalBytesMax),
  threadBytesMin: Number(threadBytesMin),
})
try {
  for (let count = 0; count < Number(blocks); count++) {
    const { applied, header } = nextBlock(machine, store)
    store.commit(applied, header)
    writeSync(1, `${applied.tip.height}\n`)
  }
} catch (error) {
  if (!(error instanceof StoreError)) throw error
  writeSync(1, `${error.type} at ${store.tip()?.height}\n`)
}
