/** A wallet as one file: JSON with the bytes in text. Whoever writes it keeps it from other readers, and writes it whole or not at all. */
import {
  isJsonObject,
  JsonNumber,
  type JsonValue,
  no,
  ok,
  parseBase64Url,
  parseHex,
  type Result,
  readJson,
  toBase64Url,
  toHex,
} from '@plexus/codec'
import { type Chain, readGenesis } from '@plexus/kernel'
import { decodeWallet, emptyWallet, encodeWallet, type WalletState } from './state.ts'

export interface WalletFile {
  /** 32 bytes: who has them is the patient. */
  readonly root: Uint8Array
  readonly chain: Chain
  readonly state: WalletState
  /** The number of the last notice that was taken, by custodian. */
  readonly taken: ReadonlyMap<string, number>
}

/** `part` is a member of the file; nothing of its content is told. */
export type WalletFileRefusal = { readonly type: 'not-a-wallet-file'; readonly part: string; readonly expected: string }

const version = '2'
const versionsRead: readonly string[] = ['1', version]
const members = ['chain', 'root', 'state', 'taken', 'version']
/** A state at its largest, in base64url. */
const fileBytesMax = 128 * 1024 * 1024

/** `{version: 2, root: hex, chain: base64url of the genesis document, state: base64url, taken: {custodian: number}}`. */
export function encodeWalletFile({ root, chain, state, taken }: WalletFile): string {
  const content = {
    version: Number(version),
    root: toHex(root),
    chain: toBase64Url(chain.bytes),
    state: toBase64Url(encodeWallet(state)),
    taken: Object.fromEntries([...taken].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
  return `${JSON.stringify(content, null, 1)}\n`
}

/**
 * Reads what `encodeWalletFile` wrote; unknown members are refused. `former`: it was written by a version that remembered
 * otherwise, so that its state does not read. It is given as empty, and whoever opens it brings the wallet back before anything
 * is kept (`bringBack`).
 */
export function decodeWalletFile(
  source: Uint8Array,
): Result<WalletFile & { readonly former: boolean }, WalletFileRefusal> {
  const read = readJson(source, { bytesMax: fileBytesMax, depthMax: 4, containersMax: 8 })
  const file = read.ok ? read.value.value : undefined
  if (!isJsonObject(file)) return refuse('the file', 'one JSON object')
  if ([...file.keys()].sort().join() !== members.join()) return refuse('the file', `the members ${members.join(', ')}`)
  const numbered = file.get('version')
  if (!(numbered instanceof JsonNumber) || !versionsRead.includes(numbered.text)) return refuse('version', version)
  const root = bytesIn(file.get('root'), parseHex)
  if (root?.length !== 32) return refuse('root', '32 bytes in hexadecimal')
  const genesis = bytesIn(file.get('chain'), parseBase64Url)
  const chain = genesis && readGenesis(genesis)
  if (!chain?.ok) return refuse('chain', 'a genesis document in base64url')
  const kept = bytesIn(file.get('state'), parseBase64Url)
  if (!kept) return refuse('state', 'the state of a wallet in base64url')
  const taken = numbersIn(file.get('taken'))
  if (!taken) return refuse('taken', 'a whole number by custodian')
  const state = decodeWallet(kept)
  const known = { root, chain: chain.value }
  // The numbers belong to the state: without it every notice is new.
  if (!state.ok) return ok({ ...known, state: emptyWallet, taken: new Map(), former: true })
  return ok({ ...known, state: state.value, taken, former: false })
}

function refuse(part: string, expected: string): { readonly ok: false; readonly reason: WalletFileRefusal } {
  return no({ type: 'not-a-wallet-file', part, expected })
}

function bytesIn(
  value: JsonValue | undefined,
  parse: (text: string) => Uint8Array | undefined,
): Uint8Array | undefined {
  return typeof value === 'string' ? parse(value) : undefined
}

function numbersIn(value: JsonValue | undefined): ReadonlyMap<string, number> | undefined {
  if (!isJsonObject(value)) return undefined
  const numbers = new Map<string, number>()
  for (const [name, number] of value) {
    if (!(number instanceof JsonNumber) || !/^(?:0|[1-9]\d{0,14})$/.test(number.text)) return undefined
    numbers.set(name, Number(number.text))
  }
  return numbers
}
