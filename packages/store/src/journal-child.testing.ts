/**
 * Writes pairs into a journal until it is killed; says each number once `write` has returned. Arguments: directory, and, unless
 * told, as in the product, how much waits for LMDB and from where on in the thread, in bytes.
 */
import { writeSync } from 'node:fs'
import { openJournal } from './journal.ts'

const [directory = '', aheadBytesMax, threadBytesMin] = process.argv.slice(2)
const sizes = aheadBytesMax && { aheadBytesMax: Number(aheadBytesMax), threadBytesMin: Number(threadBytesMin) }
const journal = openJournal(directory, sizes || {})
const done = [...journal.entries('left')].length
for (let number = done; ; number++) {
  const key = String(number).padStart(8, '0')
  const value = new Uint8Array(3000).fill(number)
  journal.write([
    { table: 'left', key, value },
    { table: 'right', key, value },
    { table: 'newest', key: 'newest', value: new TextEncoder().encode(key) },
  ])
  writeSync(1, `${number}\n`)
}
