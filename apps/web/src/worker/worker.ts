/**
 * The service worker: after a first load that is trusted, it hands out pages that a member committed to, and no others. A
 * bundle is taken whole, when its manifest is shown to be on the ledger and each file is the one that the manifest names;
 * what the node offers otherwise is refused, and said. Without a node the pages that were accepted open as ever.
 *
 * A browser fetches this very file past the worker, and would run another one in its place: that is the platform's, and no
 * page can hinder it.
 */
import { toHex } from '@plexus/codec'
import {
  acceptedPages,
  keepAccepted,
  keepFile,
  keepManifest,
  keepPublic,
  keptFile,
  keptGenesis,
  keptPublic,
  missingIn,
} from './kept-pages.ts'
import { freshBytes, namedFile, offeredManifest, weighOffer } from './offer.ts'
import { refusalPage } from './refusal-page.ts'
import { scope } from './scope.ts'
import {
  type AcceptedPages,
  genesisPath,
  lookAgain,
  membersPath,
  type PageRefusal,
  type PageStanding,
  type StandingMessage,
  standingName,
} from './standing.ts'

const entrance = 'index.html'

/** What the worker answers for; everything else is the node's own affair. */
const isPagePath = (path: string): boolean =>
  /^\/(?:$|index\.html$|icon\.svg$|app\.webmanifest$|assets\/|icons\/)/.test(path)

/** The bundle of the page that was handed out last: what its window runs. */
let handedOut: string | null = null
let looking: Promise<PageStanding> | undefined

/** One look at a time: windows that ask together are told together. */
function look(): Promise<PageStanding> {
  looking ??= lookOnce().finally(() => {
    looking = undefined
  })
  return looking
}

async function lookOnce(): Promise<PageStanding> {
  const before = await acceptedPages()
  const refused = await takeOffer(before)
  const accepted = await acceptedPages()
  const standing: PageStanding = { accepted, refused, newer: handedOut !== null && accepted?.bundle !== handedOut }
  const message: StandingMessage = { type: standingName, standing }
  for (const window of await scope.clients.matchAll({ includeUncontrolled: true })) window.postMessage(message)
  return standing
}

/** Takes what the node offers, if it may be taken; else says why not. Nothing is said where pages are kept and no node answers. */
async function takeOffer(accepted: AcceptedPages | null): Promise<PageRefusal | null> {
  const quietly = (reason: PageRefusal): PageRefusal | null =>
    accepted && reason.type === 'unreachable' ? null : reason
  const offered = await offeredManifest()
  if (!offered.ok) return quietly(offered.reason)
  const bundle = toHex(offered.value.hash)
  if (bundle === accepted?.bundle) return null
  const offer = await weighOffer(offered.value, accepted, await keptGenesis())
  if (!offer.ok) return quietly(offer.reason)
  for (const name of offer.value.names) {
    const file = await namedFile(name)
    if (!file.ok) return quietly(file.reason)
    await keepFile(bundle, name.path, file.value)
  }
  // Kept with the pages that need it in order to open.
  const members = await freshBytes(membersPath)
  if (members) await keepPublic(membersPath, new Response(members))
  await keepManifest(bundle, offered.value.bytes)
  await keepAccepted(offer.value)
  return null
}

/** Fetches what the browser let go of, each file held against the accepted manifest. */
async function mend({ bundle }: AcceptedPages): Promise<PageRefusal | null> {
  for (const name of await missingIn(bundle)) {
    const file = await namedFile(name)
    if (!file.ok) return file.reason
    await keepFile(bundle, name.path, file.value)
  }
  return null
}

/** The page itself: only from a bundle that is whole. */
async function page(request: Request): Promise<Response> {
  const accepted = await acceptedPages()
  if (!accepted) return fetch(request)
  const refused = await mend(accepted)
  const kept = await keptFile(accepted.bundle, entrance)
  if (kept && (refused === null || refused.type === 'unreachable')) {
    handedOut = accepted.bundle
    return kept
  }
  return refusalPage(refused ?? { type: 'unreachable', part: entrance }, accepted, scope.navigator.languages)
}

async function file(request: Request, path: string): Promise<Response> {
  const accepted = await acceptedPages()
  if (!accepted) return fetch(request)
  const kept = await keptFile(accepted.bundle, path)
  if (kept) return kept
  const refused = await mend(accepted)
  return (!refused && (await keptFile(accepted.bundle, path))) || Response.error()
}

/** Public, and the same for everybody: the node's answer, or the one that was kept where no node answers. */
async function publicAnswer(request: Request, path: string): Promise<Response> {
  try {
    const answer = await fetch(request)
    // The founding document is kept with the bundle that was accepted under it, and does not change by itself.
    if (answer.ok && path === membersPath) await keepPublic(path, answer.clone())
    return answer
  } catch {
    return (await keptPublic(path)) ?? Response.error()
  }
}

scope.addEventListener('install', (event) => {
  event.waitUntil(
    look().then(async ({ accepted, refused }) => {
      if (!accepted || refused) throw new Error(`these pages are not taken: ${refused?.type ?? 'none'}`)
      await scope.skipWaiting()
    }),
  )
})

scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim().then(look)))

scope.addEventListener('message', (event) => {
  if (event.data === lookAgain) event.waitUntil(look())
})

scope.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== scope.location.origin) return
  if (pathname === genesisPath || pathname === membersPath) return event.respondWith(publicAnswer(request, pathname))
  if (!isPagePath(pathname)) return
  const isEntrance = pathname === '/' || pathname === `/${entrance}`
  event.respondWith(isEntrance ? page(request) : file(request, pathname.slice(1)))
})
