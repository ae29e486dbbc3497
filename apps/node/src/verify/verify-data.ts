/**
 * Checks a whole data directory off-line, member by member: layout, keys, ledger, checkpoints, journal, records, vault,
 * and whether the replicas agree. Rows, packs and blocks are read one by one, so memory stays bounded whatever the directory holds.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equalBytes, type Schema, toHex } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { type Chain, readGenesis } from '@plexus/kernel'
import { machineFor } from '@plexus/sdk'
import { openLedgerStore, StoreError, verifyLedger } from '@plexus/store'
import { SingleBar } from 'cli-progress'
import { layoutOf } from '../layout.ts'
import { MemberNode } from '../member-node.ts'
import { checkCheckpoints } from './checkpoints-check.ts'
import { Check } from './findings.ts'
import { checkJournal, checkRecords, checkVault } from './journal-check.ts'
import { checkLayout } from './layout-check.ts'

export interface VerifyParts {
  readonly data: string
  readonly members: readonly string[]
  readonly json: boolean
  /** Where lines go; standard output unless told otherwise. */
  readonly print?: (line: string) => void
}

const secretBytes = 32
const secretsNeeded = ['blinding', 'journal', 'master', 'member', 'sealing'] as const

interface Standing {
  readonly member: string
  readonly height: number
  /** Reads the ledger again: which height they share is known when all were read. */
  readonly header: (height: number) => Uint8Array | undefined
}

/** Exit status: 0 when all is as it must be, 1 when something was found. */
export async function verifyData({ data, members, json, print = console.log }: VerifyParts): Promise<number> {
  const chain = chainIn(data)
  if (typeof chain === 'string') {
    tell(print, json, undefined, failedCheck('genesis', 'genesis.cbor', chain))
    return 1
  }
  let wrong = 0
  const standings: Standing[] = []
  for (const member of members) {
    if (!json) print(`${member}`)
    for (const check of checksOf(data, member, chain, json, standings)) {
      if (!check.ok) wrong++
      tell(print, json, member, check)
    }
  }
  const agreement = agree(standings, members.length)
  if (!agreement.ok) wrong++
  tell(print, json, undefined, agreement)
  if (json) print(JSON.stringify({ type: 'end', ok: wrong === 0, members: members.length, wrong }))
  else print(wrong === 0 ? 'All is as it must be.' : `${wrong} checks found something: keep the folder as it is.`)
  return wrong === 0 ? 0 : 1
}

function chainIn(data: string): Chain | string {
  const path = join(data, 'genesis.cbor')
  if (!existsSync(path)) return 'is missing'
  const read = readGenesis(new Uint8Array(readFileSync(path)))
  return read.ok ? read.value : 'is not a genesis document'
}

function* checksOf(data: string, member: string, chain: Chain, json: boolean, standings: Standing[]): Iterable<Check> {
  const layout = layoutOf(data, member)
  for (const name of secretsNeeded) {
    // Opening would make it anew, and nothing that the former one sealed would open.
    if (!existsSync(join(layout.keys, `${name}.secret`)))
      return yield failedCheck('keys', `keys/${name}.secret`, 'is missing: restore it')
  }
  yield checkLayout(layout.root)
  // Named by the check of the layout; nothing opens under it.
  if (secretsNeeded.some((name) => statSync(join(layout.keys, `${name}.secret`)).size !== secretBytes)) return
  const tables = new Map<string, Schema<unknown>>()
  const node = opened(data, member, chain, tables)
  if (node instanceof Check) return yield node
  const bar = progress(member, json)
  try {
    const keys = new Check('keys')
    Object.assign(keys.facts, node.vault.stats())
    if (node.recovery) keys.facts['restoredAt'] = node.recovery.mark.restoredAt
    yield keys
    bar.begin('blocks', node.store.tip()?.height ?? 0)
    yield checkLedger(node, chain, bar.at)
    bar.begin('blocks of the log', node.store.tip()?.height ?? 0)
    yield checkCheckpoints(node, bar.at)
    bar.begin('rows')
    yield checkJournal(node, tables, bar.next)
    bar.begin('records')
    yield checkRecords(node, bar.next)
    bar.begin('packs')
    yield checkVault(node, bar.next)
    standings.push({
      member,
      height: node.store.tip()?.height ?? 0,
      header: (height) => headerOf(data, member, chain, height),
    })
  } finally {
    bar.end()
    node.close()
  }
}

/** The node as it would start, with nothing attached to it: it hears no block and sends no note. */
function opened(data: string, member: string, chain: Chain, tables: Map<string, Schema<unknown>>): Check | MemberNode {
  try {
    const node = MemberNode.open({
      chain,
      data,
      member,
      random: systemRandom,
      now: () => 0,
      send: () => {},
      schedule: () => () => {},
      onFailure: () => {},
      declareTable: (table, rows) => void tables.set(table, rows),
    })
    if (node.ok) return node.value
    return node.reason.type === 'directory-in-use'
      ? failedCheck('lock', 'lock.sqlite', 'is held by a node: end it first, or check a restored copy')
      : failedCheck('keys', 'keys/master.secret', 'is not the key of this key store')
  } catch (error) {
    if (error instanceof StoreError) return failedCheck('stores', member, `do not open: ${error.type}`)
    throw error
  }
}

function checkLedger(node: MemberNode, chain: Chain, onHeight: (height: number) => void): Check {
  const check = new Check('ledger')
  const scratchDirectory = mkdtempSync(join(tmpdir(), 'plexus-verify-'))
  try {
    const replayed = verifyLedger(node.store, machineFor(chain), { scratchDirectory, onHeight })
    if (!replayed.ok) check.found(`block ${replayed.reason.height}`, `differs in ${replayed.reason.what}`)
    else {
      const { height, transactions, appHash } = replayed.value
      Object.assign(check.facts, { height, transactions, appHash: toHex(appHash) })
    }
  } finally {
    rmSync(scratchDirectory, { recursive: true, force: true })
  }
  return check
}

function headerOf(data: string, member: string, chain: Chain, height: number): Uint8Array | undefined {
  const store = openLedgerStore(layoutOf(data, member).ledger, { chain: chain.id })
  try {
    return store.header(height)
  } finally {
    store.close()
  }
}

/** Headers at the lowest tip: each names the one before, so that one equal header means equal histories. */
function agree(standings: readonly Standing[], wanted: number): Check {
  const check = new Check('agreement')
  const [first] = standings
  if (!first || standings.length < wanted) {
    check.found('replicas', 'not every one could be read')
    return check
  }
  const height = Math.min(...standings.map((each) => each.height))
  check.facts['height'] = height
  const nothing = new Uint8Array(0)
  const header = first.header(height) ?? nothing
  for (const each of standings)
    if (!equalBytes(each.header(height) ?? nothing, header))
      check.found(each.member, `holds another block ${height} than ${first.member}`)
  return check
}

function failedCheck(name: string, where: string, what: string): Check {
  const check = new Check(name)
  check.found(where, what)
  return check
}

function tell(print: (line: string) => void, json: boolean, member: string | undefined, check: Check): void {
  const { name, ok, facts, findings, findingsCount } = check
  if (json) {
    print(
      JSON.stringify({ type: 'check', ...(member && { member }), check: name, ok, ...facts, findings, findingsCount }),
    )
    return
  }
  const told = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`)
  print(`  ${ok ? '✓' : '✗'} ${name}${told.length > 0 ? `: ${told.join(', ')}` : ''}`)
  for (const { where, what } of findings) print(`      ${where}: ${what}`)
  if (findingsCount > findings.length) print(`      and ${findingsCount - findings.length} more`)
}

/** On the screen of a person only. */
function progress(member: string, json: boolean) {
  const shown = process.stderr.isTTY && !json
  let bar: SingleBar | undefined
  let done = 0
  const end = (): void => {
    bar?.stop()
    bar = undefined
  }
  const at = (value: number): void => {
    done = value
    bar?.update(value)
  }
  return {
    begin(unit: string, total = 0): void {
      end()
      done = 0
      if (!shown) return
      const format = total > 0 ? `  ${member} {bar} {value}/{total} ${unit}` : `  ${member} {value} ${unit}`
      bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true, hideCursor: true })
      bar.start(total, 0)
    },
    at,
    next: (): void => at(done + 1),
    end,
  }
}
