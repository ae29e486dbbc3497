/** The worker as a window sees it: registered when the page has nothing else to do, and heard from then on. */
import { lookAgain, type PageStanding, type StandingMessage, standingName } from './standing.ts'

const workerPath = '/worker.js'
/** A commitment takes a block or two; whoever asked too early asks again. */
const againMilliseconds = 4_000
const attemptsMax = 6
/** A page that stays open looks whether the node offers another one. */
const lookMilliseconds = 10 * 60_000

interface ScriptPolicy {
  createScriptURL(path: string): string
}
/** Trusted Types, which the compiler does not know yet. */
interface WithTrustedTypes {
  readonly trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy }
}

const rules: ScriptPolicy = {
  createScriptURL(path) {
    if (path !== workerPath) throw new TypeError('no other script may become a worker')
    return path
  },
}

let standing: PageStanding | null = null
const listeners = new Set<() => void>()

export const pageStanding = (): PageStanding | null => standing

export function onPageStanding(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Begins once the first page stands; a browser without service workers goes on as before. */
export function keepPages(): void {
  const workers = navigator.serviceWorker
  if (!workers) return
  workers.addEventListener('message', ({ data }: MessageEvent<Partial<StandingMessage> | null>) => {
    if (data?.type !== standingName || !data.standing) return
    standing = data.standing
    for (const listener of listeners) listener()
  })
  workers.startMessages()
  const begin = (): void => {
    // Cryptography in the worker must not take the processor from the first touch.
    if ('requestIdleCallback' in window) requestIdleCallback(() => void register(workers))
    else setTimeout(() => void register(workers), againMilliseconds)
  }
  if (document.readyState === 'complete') begin()
  else window.addEventListener('load', begin, { once: true })
}

async function register(workers: ServiceWorkerContainer, attempt = 1): Promise<void> {
  const policy = (window as WithTrustedTypes).trustedTypes?.createPolicy('plexus-worker', rules) ?? rules
  for (let turn = attempt; turn <= attemptsMax; turn++) {
    try {
      const registration = await workers.register(policy.createScriptURL(workerPath), { updateViaCache: 'none' })
      registration.active?.postMessage(lookAgain)
      if (!registration.active && !(await installs(registration.installing)))
        throw new Error('the worker took no pages')
      setInterval(() => workers.controller?.postMessage(lookAgain), lookMilliseconds)
      return
    } catch {
      // What the worker found is in its message; an installation that failed leaves nothing behind.
      await new Promise((resolve) => setTimeout(resolve, againMilliseconds))
    }
  }
}

const installs = (worker: ServiceWorker | null): Promise<boolean> =>
  new Promise((resolve) => {
    if (!worker) return resolve(true)
    worker.addEventListener('statechange', () => {
      if (worker.state === 'activated' || worker.state === 'redundant') resolve(worker.state === 'activated')
    })
  })

/** Forgets what was accepted: the next load is a first one. What the wallet keeps stays. */
export async function beginAnew(): Promise<void> {
  for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister()
  for (const name of await caches.keys()) await caches.delete(name)
  location.reload()
}
