/** What a service worker finds around it (W3C Service Workers), as far as it is used here; the compiler knows windows alone. */

export interface WorkerEvent extends Event {
  waitUntil(promise: Promise<unknown>): void
}

export interface FetchedEvent extends WorkerEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

export interface AskedEvent extends WorkerEvent {
  readonly data: unknown
}

interface WindowOfWorker {
  postMessage(message: unknown): void
}

interface WorkerScope {
  readonly location: Location
  readonly navigator: Navigator
  readonly clients: {
    claim(): Promise<void>
    matchAll(options: { readonly includeUncontrolled: boolean }): Promise<readonly WindowOfWorker[]>
  }
  skipWaiting(): Promise<void>
  addEventListener(type: 'activate' | 'install', listener: (event: WorkerEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchedEvent) => void): void
  addEventListener(type: 'message', listener: (event: AskedEvent) => void): void
}

export const scope = globalThis as unknown as WorkerScope
