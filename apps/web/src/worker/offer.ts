/**
 * What the node offers, and whether it may be taken: the manifest's hash is the one that the serving member committed to,
 * the commitment leads to a batch in a block that is believed, and each file is the one that the manifest names.
 */
import { decode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type Chain, readGenesis } from '@plexus/kernel'
import { type PageBundle, pageBundle, pageBundleBytesMax } from '@plexus/policy'
import { beliefIn, lightSource, verifyPageManifest, witnessesMax } from '@plexus/sdk'
import { askJson, httpDoor } from '../node/door.ts'
import { type AcceptedPages, genesisPath, membersPath, type PageRefusal } from './standing.ts'

export type PageFileName = PageBundle['files'][number]

/** An accepted manifest with the files that it names. */
export interface Offer {
  readonly pages: AcceptedPages
  readonly names: readonly PageFileName[]
  /** The founding document of the network on whose ledger it stands. */
  readonly genesis: Uint8Array<ArrayBuffer>
}

const refused = (type: PageRefusal['type'], part = ''): Result<never, PageRefusal> => no({ type, part })

/** Bytes as the node gives them now, past every cache; undefined when it gives none. */
export async function freshBytes(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const response = await fetch(path, { cache: 'no-store', credentials: 'omit', redirect: 'error' })
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined
  } catch {
    return undefined
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** The manifest that the node offers, by its hash. */
export async function offeredManifest(): Promise<
  Result<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly hash: Uint8Array }, PageRefusal>
> {
  const bytes = await freshBytes('/bundle.cbor')
  return bytes ? ok({ bytes, hash: await sha256(bytes) }) : refused('unreachable')
}

/** `known`: what was accepted at this address before; its network and member stay. */
export async function weighOffer(
  manifest: { readonly bytes: Uint8Array; readonly hash: Uint8Array },
  known: AcceptedPages | null,
  genesis: Uint8Array | undefined,
): Promise<Result<Offer, PageRefusal>> {
  const names = decode(pageBundle, manifest.bytes, pageBundleBytesMax)
  if (!names.ok) return refused('manifest-malformed')
  const document = await freshBytes(genesisPath)
  if (!document) return refused('unreachable')
  if (genesis && !equalBytes(genesis, document)) return refused('another-network')
  const chain = readGenesis(document)
  if (!chain.ok) return refused('another-network')
  const proof = await freshBytes('/bundle.proof')
  if (!proof) return refused('no-proof')
  const trust = await (await believe(chain.value))(proof)
  if (!trust.ok) return refused('proof-does-not-hold', trust.reason.type)
  const shown = verifyPageManifest(chain.value, proof, trust.value)
  if (!shown.ok) return refused('proof-does-not-hold', shown.reason.type)
  const { member, bundle, height } = shown.value
  if (!equalBytes(bundle, manifest.hash)) return refused('manifest-not-committed', toHex(manifest.hash).slice(0, 16))
  if (known && known.member !== member) return refused('another-member', member)
  const { files } = names.value
  const pages = { chain: toHex(chain.value.id), member, bundle: toHex(bundle), height, files: files.length }
  return ok({ pages, names: files, genesis: document })
}

/** One file as the node gives it now, if it is the one that is named. */
export async function namedFile({
  path,
  sha256: wanted,
  bytes: length,
}: PageFileName): Promise<Result<Uint8Array<ArrayBuffer>, PageRefusal>> {
  const bytes = await freshBytes(`/${path}`)
  if (!bytes) return refused('unreachable', path)
  if (bytes.length !== length || !equalBytes(await sha256(bytes), wanted)) return refused('file-differs', path)
  return ok(bytes)
}

/** As the wallet believes: the one key of the embedded engine, or votes followed from the genesis document. */
async function believe(chain: Chain) {
  const asked = await askJson<{ readonly members: readonly { readonly member: string }[] }>(membersPath)
  const [first = '', ...others] = asked.ok ? asked.value.members.map(({ member }) => member) : []
  return beliefIn({
    chain,
    sources: {
      primary: lightSource(httpDoor, first),
      witnesses: others.slice(0, witnessesMax).map((member) => lightSource(httpDoor, member)),
    },
    now: () => Date.now() / 1000,
  })
}
