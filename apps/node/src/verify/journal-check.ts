/** Every row of a member's journal opens at its place and decodes; every record that it names is in the vault as it says. */
import { decode, equalBytes, type Schema } from '@plexus/codec'
import { sha256, statementHash } from '@plexus/crypto'
import { type RecordRow, recordRow } from '@plexus/exchange'
import { recordVersion, statementBytesMax, statementTypes } from '@plexus/policy'
import { StoreError } from '@plexus/store'
import type { MemberNode } from '../member-node.ts'
import { Check } from './findings.ts'

/** Rows are read so many at a time: a walk that stays open pins the pages of a store. */
const rowsPerStep = 256
/** The largest rows are answers with all their openings. */
const rowBytesMax = 64 * 1024 * 1024

export function checkJournal(
  { journal }: MemberNode,
  tables: ReadonlyMap<string, Schema<unknown>>,
  onRow: () => void,
): Check {
  const check = new Check('journal')
  check.facts['tables'] = tables.size
  for (const [table, schema] of [...tables].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let row = 0
    try {
      for (const [, value] of rowsOf(journal, table)) {
        row++
        check.add('rows')
        onRow()
        const read = decode(schema, value, rowBytesMax)
        if (!read.ok) check.found(`${table}, row ${row}`, `does not decode at ${read.reason.path || 'its beginning'}`)
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      check.found(`${table}, row ${row + 1} and on`, `does not open: ${error.type}`)
    }
  }
  return check
}

function* rowsOf(journal: MemberNode['journal'], table: string): Iterable<readonly [string, Uint8Array]> {
  let after: string | undefined
  for (;;) {
    const rows = [...journal.entries(table, { limit: rowsPerStep, ...(after !== undefined && { after }) })]
    yield* rows
    after = rows.at(-1)?.[0]
    if (after === undefined) return
  }
}

/** A record is named by its row's number in the index: an operator needs no more to find it with the custodian's people. */
export function checkRecords(node: MemberNode, onRow: () => void): Check {
  const check = new Check('records')
  let row = 0
  try {
    for (const [key, value] of rowsOf(node.journal, 'records')) {
      row++
      onRow()
      const read = decode(recordRow, value, rowBytesMax)
      // Told by the check of the journal.
      if (!read.ok) continue
      const custodian = node.exchange.custody.patients.get(key.slice(0, key.indexOf('/')))?.custodian
      const what = custodian === undefined ? 'belongs to no chart of the index' : wrongIn(node, custodian, read.value)
      if (what !== null) check.found(`records, row ${row}`, what)
      else check.add(read.value.status)
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    check.found(`records, row ${row + 1} and on`, `does not open: ${error.type}`)
  }
  return check
}

/** What does not fit between a row of the index, its committed statement, the ciphertext and its key; null when all does. */
function wrongIn({ exchange, vault, chain }: MemberNode, custodian: string, row: RecordRow): string | null {
  const statement = exchange.batches.statement(row.leaf)
  const version = statement && decode(recordVersion, statement, statementBytesMax)
  if (!statement || !version?.ok) return 'its statement is missing or damaged'
  if (!equalBytes(statementHash(statementTypes.recordVersion, chain.id, statement), row.hash))
    return 'its statement is not the one that was committed to'
  // A version that only says "entered in error" has neither ciphertext nor key.
  if (row.where.object === '') return null
  const { where, record } = row
  if (row.status === 'erased') {
    const key = vault.dataKey(record)
    if (!key.ok) return key.reason.type === 'key-damaged' ? 'its key is damaged, though it was to be erased' : null
    key.value.fill(0)
    return 'was erased, and its key is there: an old copy of the key store was put back'
  }
  const ciphertext = vault.ciphertext(where)
  if (!ciphertext.ok) return 'its ciphertext is missing'
  if (!equalBytes(sha256(ciphertext.value), version.value.ciphertextHash))
    return 'its ciphertext is not the one that its statement names'
  const opened = vault.open({ record, where, custodian, contentType: row.contentType })
  if (!opened.ok)
    return opened.reason.type === 'erased'
      ? 'its key was erased, and the index does not say so: repeat the erasure'
      : `does not open: ${opened.reason.type}`
  const same = equalBytes(sha256(opened.value), version.value.plaintextHash)
  opened.value.fill(0)
  return same ? null : 'what opens is not what its statement names'
}

/** Every pack against its own index, and keys without a ciphertext; it needs no journal. */
export function checkVault({ vault }: MemberNode, onPack: () => void): Check {
  const check = new Check('vault')
  const { packs, damagedPacks, open, erased, leftover, keysWithoutBlob } = vault.verify(onPack)
  Object.assign(check.facts, { packs, open, erased, leftover })
  for (const pack of damagedPacks) check.found(`vault/${pack}`, 'is not what its index says')
  if (keysWithoutBlob > 0) check.found('keys/store', `${keysWithoutBlob} keys have no readable ciphertext`)
  return check
}
