import { seededRandom } from './fixtures.testing.ts'
import type { S3Surroundings } from './s3-requests.ts'

export type Fault =
  /** The connection breaks before the request arrives. */
  | 'did-not-happen'
  /** The connection breaks before the answer arrives. */
  | 'happened'
  | 'slow-down'
  /** The connection breaks behind the first bytes of the body. */
  | 'body-broken'

export interface Asked {
  readonly method: string
  readonly path: string
}

/** Each draws its own: a store knows its uploads by what it drew. */
let opened = 0

/**
 * The real network and clock, but pauses that take no time and are written down. `fault` is asked before each request, by
 * its number from 0 on.
 */
export function s3Surroundings(fault: (nth: number, asked: Asked) => Fault | undefined = () => undefined) {
  const asked: Asked[] = []
  const pauses: number[] = []
  const surroundings: S3Surroundings & { readonly random: ReturnType<typeof seededRandom> } = {
    fetch: async (input, init) => {
      const url = new URL(String(input))
      const request = { method: init?.method ?? 'GET', path: url.pathname + url.search }
      const wrong = fault(asked.push(request) - 1, request)
      if (wrong === 'did-not-happen') throw new TypeError('connection refused')
      if (wrong === 'slow-down') return new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
      const response = await fetch(input, init)
      if (wrong === 'happened') {
        await response.arrayBuffer()
        throw new TypeError('connection reset')
      }
      return wrong === 'body-broken' ? brokenOff(response) : response
    },
    now: () => Date.now(),
    pause: async (milliseconds) => void pauses.push(milliseconds),
    deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
    random: seededRandom(++opened),
  }
  return { surroundings, asked, pauses }
}

function brokenOff(response: Response): Response {
  const reader = response.body?.getReader()
  let pulled = 0
  const body = new ReadableStream({
    async pull(controller) {
      const next = await reader?.read()
      pulled += 1
      if (!next || next.done || pulled > 2) {
        await reader?.cancel()
        controller.error(new TypeError('connection reset'))
      } else controller.enqueue(next.value)
    },
  })
  return new Response(body, { status: response.status, headers: response.headers })
}
