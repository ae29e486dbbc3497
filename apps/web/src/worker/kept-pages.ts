/** What the worker keeps in Cache Storage: whole bundles by the hash of their manifest, and which of them is the accepted one. */
import { decode } from '@plexus/codec'
import { pageBundle, pageBundleBytesMax } from '@plexus/policy'
import { contentTypeOf, pageHeaders } from '@plexus/sdk'
import type { Offer, PageFileName } from './offer.ts'
import { type AcceptedPages, genesisPath } from './standing.ts'

const prefix = 'plexus-pages-'
/** What is known besides files; nothing of a person. */
const aboutName = 'plexus-about'
const acceptedKey = '/accepted'

const cacheOf = (bundle: string): Promise<Cache> => caches.open(prefix + bundle)
const about = (): Promise<Cache> => caches.open(aboutName)

export async function acceptedPages(): Promise<AcceptedPages | null> {
  const kept = await (await about()).match(acceptedKey)
  return kept ? ((await kept.json()) as AcceptedPages) : null
}

/** Last of all: a bundle that is named here is whole. Others go, but for the one that windows still run. */
export async function keepAccepted({ pages, genesis }: Offer): Promise<void> {
  const before = await acceptedPages()
  const kept = await about()
  await kept.put(genesisPath, new Response(genesis))
  await kept.put(acceptedKey, Response.json(pages))
  const stay = [pages.bundle, before?.bundle].map((bundle) => `${prefix}${bundle}`)
  for (const name of await caches.keys()) if (name.startsWith(prefix) && !stay.includes(name)) await caches.delete(name)
}

export async function keepPublic(path: string, answer: Response): Promise<void> {
  await (await about()).put(path, answer)
}

export async function keptPublic(path: string): Promise<Response | undefined> {
  return (await about()).match(path)
}

export async function keptGenesis(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const kept = await keptPublic(genesisPath)
  return kept && new Uint8Array(await kept.arrayBuffer())
}

/** Of the accepted bundle; else of the one before it, whose windows go on asking for files that only it has. */
export async function keptFile(bundle: string, path: string): Promise<Response | undefined> {
  return (
    (await (await cacheOf(bundle)).match(`/${path}`)) ??
    (path.startsWith('assets/') ? caches.match(`/${path}`) : undefined)
  )
}

/** Under headers of our own: what came with the bytes is bound by nothing. */
export async function keepFile(bundle: string, path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { ...pageHeaders, 'content-type': contentTypeOf(path), 'cache-control': 'no-cache' }
  await (await cacheOf(bundle)).put(`/${path}`, new Response(bytes, { headers }))
}

/** Files that the browser has let go of: it may, when room is short. */
export async function missingIn(bundle: string): Promise<readonly PageFileName[]> {
  const names = await keptNames(bundle)
  const cache = await cacheOf(bundle)
  const kept = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname))
  return names.filter(({ path }) => !kept.has(`/${path}`))
}

const manifestKey = '/bundle.cbor'

export async function keepManifest(bundle: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await (await cacheOf(bundle)).put(manifestKey, new Response(bytes))
}

async function keptNames(bundle: string): Promise<readonly PageFileName[]> {
  const kept = await (await cacheOf(bundle)).match(manifestKey)
  const read = kept && decode(pageBundle, new Uint8Array(await kept.arrayBuffer()), pageBundleBytesMax)
  return read?.ok ? read.value.files : []
}
