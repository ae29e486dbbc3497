/** What lies in a member's folder, and what nobody knows of. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Check } from './findings.ts'

/** Names of a member's folder; a folder's content is told by the pattern of its files, where there is one. */
const known: Readonly<Record<string, RegExp | null>> = {
  ledger: /^(?:data\.mdb|lock\.mdb|blocks(?:-2)?\.journal)$/,
  sequencer: /^(?:data\.mdb|lock\.mdb|blocks(?:-2)?\.journal)$/,
  exchange: /^(?:data\.mdb|lock\.mdb|writes(?:-2)?\.journal)$/,
  fhir: /^$/,
  vault: /^[0-9a-z]{1,64}(?:\.partial)?$/,
  keys: /^(?:store|[a-z0-9][A-Za-z0-9-]*\.secret)$/,
  checkpoints: null,
  snapshots: null,
  engine: null,
  // Only where one was seen.
  forks: /^fork-[0-9]{1,16}-[a-z0-9-]{1,40}\.evidence$/,
  // Of a member whose node is a process of its own.
  'candidate.json': null,
  'directory.json': null,
  'lock.sqlite': null,
  // While the lock is held.
  'lock.sqlite-journal': null,
  'last-backup.json': null,
  // Public keys of the people who sign in.
  'passkeys.json': null,
  'restored.json': null,
}

/** Readable by others than its owner. */
const open = 0o077

export function checkLayout(root: string): Check {
  const check = new Check('layout')
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const files = known[entry.name]
    if (files === undefined) check.found(entry.name, 'is not a part of this layout')
    else if (entry.isDirectory() && files) {
      for (const name of readdirSync(join(root, entry.name))) {
        check.add('files')
        if (!files.test(name)) check.found(`${entry.name}/${name}`, 'is not a part of this layout')
      }
    }
  }
  checkSecrets(root, check)
  return check
}

function checkSecrets(root: string, check: Check): void {
  for (const name of readdirSync(join(root, 'keys'))) {
    if (!name.endsWith('.secret')) continue
    const { mode, size } = statSync(join(root, 'keys', name))
    if (size !== 32) check.found(`keys/${name}`, 'is not 32 bytes')
    if ((mode & open) !== 0) check.found(`keys/${name}`, 'can be read by others than its owner')
  }
}
