/** Off-line proof: a data directory replayed from genesis, or one access from its receipt bundle. No node is asked. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equalBytes, toHex } from '@plexus/codec'
import { type Chain, readGenesis, sequencerKeyOf } from '@plexus/kernel'
import { machineFor } from '@plexus/sdk'
import { lockDirectory, openLedgerStore, StoreError, verifyLedger } from '@plexus/store'
import { SingleBar } from 'cli-progress'
import { plain, Refused, type Screen } from './screen.ts'
import { type VoteFlags, verifyFile } from './verify-bundle.ts'
import { readBytes } from './wallet-file.ts'

const genesisFile = 'genesis.cbor'
/** What a replay does not show, which is whoever orders. */
const notShown = (chain: Chain): string =>
  sequencerKeyOf(chain)
    ? 'On the embedded engine one key orders the blocks: this proves nothing against its owner.'
    : 'Votes are not kept here: that two thirds of the validators agreed on these blocks, a light client shows.'

interface VerifyOptions {
  readonly genesis?: string
  /** Then the file is a proof of a lot. */
  readonly traceKey?: string
  readonly json: boolean
}

export async function verify(
  path: string,
  { genesis, traceKey, json, ...votes }: VoteFlags & VerifyOptions,
  screen: Screen,
): Promise<void> {
  if (!existsSync(path)) throw new Refused('file-missing', `There is no ${path}.`, 'Give a data directory or a bundle.')
  if (statSync(path).isDirectory()) return verifyDirectory(path, genesis ?? join(path, genesisFile), json, screen)
  if (genesis === undefined)
    throw new Refused(
      'genesis-missing',
      'A bundle is checked against the genesis document of its chain.',
      'Give it with --genesis FILE; a data directory has it as genesis.cbor, a node at /v1/chain.',
    )
  const chain = readChain(genesis)
  if (traceKey === undefined) return verifyFile(path, chain, votes, screen)
  const { verifyLot } = await import('./verify-lot.ts')
  verifyLot(path, chain, { traceKey, notShown: notShown(chain) }, screen)
}

function readChain(path: string): Chain {
  const read = readGenesis(readBytes(path, 'genesis document'))
  if (read.ok) return read.value
  throw new Refused(
    'not-a-genesis',
    `${path} is not a genesis document.`,
    'Take it from whom you trust to name the chain.',
  )
}

interface Checked {
  readonly member: string
  readonly height: number
  readonly appHash: string
}

function verifyDirectory(path: string, genesis: string, json: boolean, screen: Screen): void {
  const chain = readChain(genesis)
  const members = readdirSync(path)
    .filter((name) => existsSync(join(path, name, 'ledger')))
    .sort()
  if (members.length === 0)
    throw new Refused('no-ledger', `No member's ledger lies under ${path}.`, 'Give the folder that holds genesis.cbor.')
  screen.say(`Chain ${plain(chain.genesis.name)} ${toHex(chain.id)}, ${members.length} replicas.`)
  const checked: Checked[] = []
  let failed = 0
  for (const member of members) {
    const result = verifyMember(path, member, chain, json)
    if (result.ok) checked.push(result.value)
    else failed++
    screen.give({ type: 'ledger', member, ok: result.ok, ...(result.ok ? result.value : result.reason) })
    screen.say(
      result.ok
        ? `  ${member}: ${result.value.height} blocks replayed from genesis; every header, outcome, event and the state agree.`
        : result.reason.what === 'pruned'
          ? `  ${member}: NOT VERIFIED: it began from a snapshot of block ${result.reason.height}, and what was before is elsewhere.`
          : `  ${member}: DIFFERS at block ${result.reason.height} in ${result.reason.what}.`,
    )
  }
  const agreed = agree(path, chain, checked)
  screen.give({ type: 'agreement', ok: agreed, members: checked.map(({ member }) => member) })
  screen.say(agreed ? '  The replicas hold the same blocks.' : '  The replicas hold DIFFERENT blocks.')
  screen.give({ type: 'end', ok: failed === 0 && agreed, engine: chain.genesis.engine.type, proves: notShown(chain) })
  screen.say(`Not proven: ${notShown(chain)}`)
  if (failed > 0 || !agreed)
    throw new Refused(
      'ledger-differs',
      'A replica is not what its blocks make of it, or not what the others hold.',
      'Keep the folder as it is, and let the member catch up from the others into a new one.',
    )
}

function verifyMember(path: string, member: string, chain: Chain, json: boolean) {
  const lock = lockDirectory(join(path, member))
  if (!lock.ok)
    throw new Refused(
      'directory-in-use',
      `${join(path, member)} is in use by a node.`,
      'End the node first, or verify a copy.',
    )
  const scratchDirectory = mkdtempSync(join(tmpdir(), 'plexus-verify-'))
  const bar = progressBar(member, json)
  try {
    const store = openLedgerStore(join(path, member, 'ledger'), { chain: chain.id })
    try {
      const tip = store.tip()
      bar.start(tip?.height ?? 0)
      const result = verifyLedger(store, machineFor(chain), { scratchDirectory, onHeight: bar.update })
      if (!result.ok) return { ok: false as const, reason: { height: result.reason.height, what: result.reason.what } }
      const { height, appHash, transactions } = result.value
      return { ok: true as const, value: { member, height, appHash: toHex(appHash), transactions } }
    } finally {
      store.close()
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return { ok: false as const, reason: { height: 0, what: error.type } }
  } finally {
    bar.end()
    rmSync(scratchDirectory, { recursive: true, force: true })
    lock.value.release()
  }
}

/** Headers at the lowest tip: each names the one before, so that one equal header means equal histories. */
function agree(path: string, chain: Chain, checked: readonly Checked[]): boolean {
  const height = Math.min(...checked.map((each) => each.height))
  const headers = checked.map(({ member }) => {
    const store = openLedgerStore(join(path, member, 'ledger'), { chain: chain.id })
    try {
      return store.header(height) ?? new Uint8Array(0)
    } finally {
      store.close()
    }
  })
  return headers.every((header) => equalBytes(header, headers[0] ?? new Uint8Array(0)))
}

/** On the screen of a person only, and never on standard output. */
function progressBar(member: string, json: boolean) {
  const shown = process.stderr.isTTY && !json
  const bar = new SingleBar({
    format: `  ${member} {bar} {value}/{total} blocks`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  })
  return {
    start: (total: number): void => {
      if (shown) bar.start(total, 0)
    },
    update: (height: number): void => {
      if (shown) bar.update(height)
    },
    end: (): void => {
      if (shown) bar.stop()
    },
  }
}
