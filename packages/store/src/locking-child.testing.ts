/** Locks the directory, says how that went, and stays until it is killed. */
import { writeSync } from 'node:fs'
import { lockDirectory } from './lock-directory.ts'

const locked = lockDirectory(process.argv[2] ?? '')
writeSync(1, locked.ok ? 'locked\n' : `${locked.reason.type}\n`)
if (locked.ok) setInterval(() => {}, 1_000_000)
