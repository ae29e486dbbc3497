/** The engine's own directory: its configuration, written anew at each start, and its keys and state, never overwritten. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { no, ok, type Result } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { type Chain, envelopeBytesMax } from '@plexus/kernel'
import { type EnginePeer, nodeIdOf, writeEngineAddress } from './engine-address.ts'
import { genesisDocument } from './genesis-document.ts'
import { blockBytesMax } from './proposal.ts'
import { nothingSigned, signedLastOf, signedUpTo, unknownSigned } from './signed-last.ts'

export interface EngineHome {
  readonly directory: string
  readonly chain: Chain
  /** What others see of the name: the member's id. */
  readonly member: string
  /** Ed25519 seeds: the key that signs blocks, and the one by which the other nodes know this one. */
  readonly validatorSeed: Uint8Array
  readonly nodeSeed: Uint8Array
  /** Where other nodes reach this one. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly peers: readonly EnginePeer[]
  readonly timing?: EngineTiming
  /** The key may have signed blocks of which this directory does not know: the member was put back, or lost the directory. */
  readonly mayHaveSigned?: boolean
  /** Begin from a snapshot of the others, as long as the engine has no block; otherwise from the first block. */
  readonly begin?: BeginFromSnapshot
}

/** Whom the engine's light client believes (CometBFT `light`), and whom it asks. */
export interface BeginFromSnapshot {
  /** Addresses of the RPC of other nodes' engines: at least two, `http://host:port` or `unix:///file`. */
  readonly sources: readonly string[]
  /** A block that somebody vouches for, and the hash of its header in hexadecimal. */
  readonly trusted: { readonly height: number; readonly hash: string }
  /** How long its validators are held to what they sign. */
  readonly trustSeconds: number
  /** How long it looks for snapshots: 5 s at least. */
  readonly lookSeconds?: number
}

/** Milliseconds. All members ship one timing: a node with shorter ones takes more than its turns. */
export interface EngineTiming {
  readonly propose: number
  readonly commit: number
  /** The longest time without a block: custodians stop releasing on one that is older than 15 s. */
  readonly emptyBlocks: number
}

/** One region; a proposer that is gone costs `propose` (engine profile of four validators: p50 96 ms at 200/s). */
export const engineTimingDefault: EngineTiming = { propose: 1_000, commit: 0, emptyBlocks: 5_000 }

export type EngineHomeRefusal =
  /** The directory has the genesis of another network. */
  | { readonly type: 'other-chain'; readonly file: string }
  /** The directory has another key: two keys would be two validators, and one key on two nodes loses its seat. */
  | { readonly type: 'other-key'; readonly file: string }
  | { readonly type: 'socket-path-too-long'; readonly file: string; readonly max: number }

/** Where our side listens, and where the engine does. */
export const applicationSocketOf = (directory: string): string => join(directory, 'app.sock')
/** Where the engine keeps chunks that it has fetched and not handed over. */
const chunksOf = (directory: string): string => join(directory, 'chunks')
export const rpcSocketOf = (directory: string): string => join(directory, 'rpc.sock')

/** `sun_path` holds 108 bytes with its end (Linux; fewer elsewhere). */
const socketPathMax = 103
/** Envelopes that wait: as the embedded engine holds. */
const mempoolMax = 10_000
const mempoolBytesMax = 64 * 1024 * 1024
/** Envelopes in one request to the engine; see `engine-rpc.ts`. */
export const broadcastsMax = 50
/** Base64 and its frame of JSON, of as many of the largest envelopes as go together. */
const rpcBytesMax = 16 * 1024 * 1024
/** A megabyte in a fiftieth of a second. */
const bytesPerSecond = 51_200_000

/** Makes the directory ready. Nothing in it is changed when it is refused. */
export function prepareEngineHome(home: EngineHome): Result<void, EngineHomeRefusal> {
  const { directory, chain, validatorSeed, nodeSeed } = home
  for (const file of [applicationSocketOf(directory), rpcSocketOf(directory)])
    if (Buffer.byteLength(file) > socketPathMax) return no({ type: 'socket-path-too-long', file, max: socketPathMax })
  const config = join(directory, 'config')
  const data = join(directory, 'data')
  const genesisFile = join(config, 'genesis.json')
  const genesis = genesisDocument(chain)
  if (existsSync(genesisFile) && readFileSync(genesisFile, 'utf8') !== genesis)
    return no({ type: 'other-chain', file: genesisFile })
  const keys = [
    [join(config, 'node_key.json'), nodeKey(nodeSeed)],
    [join(config, 'priv_validator_key.json'), validatorKey(validatorSeed)],
  ] as const
  for (const [file, content] of keys)
    if (existsSync(file) && readFileSync(file, 'utf8') !== content) return no({ type: 'other-key', file })
  const chunks = chunksOf(directory)
  // Of an engine that died in the middle.
  rmSync(chunks, { recursive: true, force: true })
  for (const folder of [config, data, chunks]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const [file, content] of keys) if (!existsSync(file)) writeWhole(file, content)
  // What was signed last: written once, then the engine's own. Without it a key could sign a height twice.
  const signed = signedLastOf(directory)
  if (!existsSync(signed)) writeWhole(signed, home.mayHaveSigned ? unknownSigned : nothingSigned)
  writeWhole(genesisFile, genesis)
  writeWhole(join(config, 'config.toml'), configuration(home))
  return ok()
}

/** From the height behind this one on the key signs again: the others have decided this one without it. It must not run. */
export function signBehind(directory: string, height: number): void {
  writeWhole(signedLastOf(directory), signedUpTo(height))
}

function writeWhole(file: string, content: string): void {
  const next = `${file}.next`
  writeFileSync(next, content, { mode: 0o600, flush: true })
  chmodSync(next, 0o600)
  renameSync(next, file)
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
/** The engine writes a private key with its public one behind it. */
const privateKey = (seed: Uint8Array) => ({
  type: 'tendermint/PrivKeyEd25519',
  value: base64(Buffer.concat([seed, publicKeyOf(seed)])),
})
const nodeKey = (seed: Uint8Array): string => json({ priv_key: privateKey(seed) })

function validatorKey(seed: Uint8Array): string {
  const key = publicKeyOf(seed)
  return json({
    address: nodeIdOf(key).toUpperCase(),
    pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(key) },
    priv_key: privateKey(seed),
  })
}

/** Only what differs from the engine's own defaults. */
function configuration({ directory, member, listen, peers, begin, timing = engineTimingDefault }: EngineHome): string {
  const text = (value: string): string => JSON.stringify(value)
  const milliseconds = (value: number): string => text(`${value}ms`)
  return `# Written at each start; changes are lost.
proxy_app = ${text(`unix://${applicationSocketOf(directory)}`)}
abci = "socket"
moniker = ${text(member)}
db_backend = "goleveldb"
log_level = "error"
# Who may connect is asked of the ledger.
filter_peers = true

[rpc]
laddr = ${text(`unix://${rpcSocketOf(directory)}`)}
max_body_bytes = ${rpcBytesMax}
max_request_batch_size = ${broadcastsMax}

[p2p]
laddr = ${text(`tcp://${listen.host}:${listen.port}`)}
persistent_peers = ${text(peers.map(writeEngineAddress).join(','))}
# Members are known: nobody tells of others.
pex = false
addr_book_strict = false
allow_duplicate_ip = true
send_rate = ${bytesPerSecond}
recv_rate = ${bytesPerSecond}

[mempool]
type = "flood"
# A block gives every envelope its outcome, and so takes it out.
recheck = false
size = ${mempoolMax}
max_txs_bytes = ${mempoolBytesMax}
max_tx_bytes = ${Math.min(envelopeBytesMax, blockBytesMax)}

[consensus]
timeout_propose = ${milliseconds(timing.propose)}
timeout_commit = ${milliseconds(timing.commit)}
create_empty_blocks = false
create_empty_blocks_interval = ${milliseconds(timing.emptyBlocks)}
peer_gossip_sleep_duration = "10ms"

[storage]
discard_abci_responses = true

[tx_index]
indexer = "null"
${begin ? stateSync(directory, begin) : ''}`
}

const lookSecondsDefault = 15

function stateSync(directory: string, begin: BeginFromSnapshot): string {
  const { sources, trusted, trustSeconds, lookSeconds = lookSecondsDefault } = begin
  return `
[statesync]
enable = true
rpc_servers = ${JSON.stringify(sources.join(','))}
trust_height = ${trusted.height}
trust_hash = ${JSON.stringify(trusted.hash)}
trust_period = ${JSON.stringify(`${trustSeconds}s`)}
discovery_time = ${JSON.stringify(`${lookSeconds}s`)}
temp_dir = ${JSON.stringify(chunksOf(directory))}
`
}

export function sayEngineHomeRefusal(refusal: EngineHomeRefusal): string {
  switch (refusal.type) {
    case 'other-chain':
      return `${refusal.file} belongs to another network: this is another network's directory, or another genesis document`
    case 'other-key':
      return `${refusal.file} holds another key than this node's: one key must never sign on two nodes`
    case 'socket-path-too-long':
      return `${refusal.file} is too long for a socket (at most ${refusal.max} bytes): put the data directory nearer to the root`
  }
}
