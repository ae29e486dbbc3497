import { toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { AwsV4Signer } from 'aws4fetch'
import { BlobStoreError } from './streamed-blob-store.ts'

/** Where objects lie, and who asks for them. */
export interface S3Place {
  /** `https://host` or `http://127.0.0.1:port`: the bucket is a part of the path. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Before each name: empty, or lower-case letters, digits, `-` and `/`, as `member-1/`. */
  readonly prefix: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

/** What a library has not: a network, a clock and a pause. */
export interface S3Surroundings {
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds since 1970. A signature is taken within a quarter of an hour of the server's clock. */
  now(): number
  pause(milliseconds: number): Promise<void>
  /** A signal that aborts after so long. */
  deadline(milliseconds: number): AbortSignal
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Behind the prefix; null asks the bucket. */
  readonly name: string | null
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface S3Answer {
  readonly response: Response
  /** A try before this one may have happened without an answer. */
  readonly repeated: boolean
}

/** With pauses of 0.1, 0.2, 0.4 and 0.8 s: what takes longer to come back is down, and the caller is told. */
const attemptsMax = 5
const firstPauseMilliseconds = 100
/** A part of an upload over little more than 1 Mbit/s; what is still being read by then is taken up again where it stopped. */
const deadlineMilliseconds = 60_000
/** A key is derived for each day; yesterday's is of no use. */
const signingKeysMax = 2
/** Faults that pass: too many requests, and a server or gateway that is not ready. */
const passing = new Set([429, 500, 502, 503, 504])
/** Answers to an upload, and errors. */
const shortBytesMax = 64 * 1024
/** What is handed to a socket at once. */
const sliceBytes = 256 * 1024
const emptyHash = toHex(sha256(new Uint8Array(0)))

/**
 * Signed requests (AWS Signature Version 4, path-style) that are tried again when nobody answers or the answer says
 * "later". Throws `BlobStoreError` when that does not help, and on answers of 401 and 403.
 */
export class S3Requests {
  readonly #place: S3Place
  readonly #surroundings: S3Surroundings
  readonly #signingKeys = new Map<string, ArrayBuffer>()

  constructor(place: S3Place, surroundings: S3Surroundings) {
    this.#place = place
    this.#surroundings = surroundings
  }

  async send(request: S3Request): Promise<S3Answer> {
    const { pause } = this.#surroundings
    const hash = request.body ? toHex(sha256(request.body)) : emptyHash
    let repeated = false
    for (let attempt = 1; ; attempt++) {
      const response = await this.#once(request, hash)
      if (response && !passing.has(response.status)) {
        if (response.status === 401 || response.status === 403) {
          await discard(response)
          throw new BlobStoreError({ type: 'denied' })
        }
        return { response, repeated }
      }
      if (response) await discard(response)
      if (attempt === attemptsMax) throw new BlobStoreError({ type: 'unreachable', attempts: attempt })
      repeated = true
      await pause(firstPauseMilliseconds * 2 ** (attempt - 1))
    }
  }

  /** The same, its body read whole and asked for again when the connection breaks: for short ones. */
  async sendForBody(
    request: S3Request,
    bytesMax = shortBytesMax,
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Uint8Array }> {
    for (let attempt = 1; ; attempt++) {
      const { response } = await this.send(request)
      const body = await bodyOf(response, bytesMax)
      if (body) return { status: response.status, headers: response.headers, body }
      if (attempt === attemptsMax) throw new BlobStoreError({ type: 'unreachable', attempts: attempt })
      await this.#surroundings.pause(firstPauseMilliseconds * 2 ** (attempt - 1))
    }
  }

  /** One try; undefined when nobody answered in time. */
  async #once(
    { method, name, query = {}, headers = {}, body }: S3Request,
    hash: string,
  ): Promise<Response | undefined> {
    const { endpoint, region, bucket, prefix, credentials } = this.#place
    const url = new URL(`${endpoint}/${bucket}${name === null ? '' : `/${prefix}${name}`}`)
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
    if (this.#signingKeys.size > signingKeysMax) this.#signingKeys.clear()
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, 'x-amz-content-sha256': hash },
      service: 's3',
      region,
      ...credentials,
      datetime: basicTime(this.#surroundings.now()),
      cache: this.#signingKeys,
    }).sign()
    try {
      return await this.#surroundings.fetch(signed.url, {
        method,
        headers: body ? [...signed.headers, ['content-length', `${body.length}`]] : signed.headers,
        redirect: 'manual',
        signal: this.#surroundings.deadline(deadlineMilliseconds),
        // Slices, since `fetch` copies bytes that it is given whole, and the collector is in no hurry with parts of 8 MiB. A
        // body of slices has no length of its own, which S3 insists on.
        ...(body && { body: slices(body), duplex: 'half' as const }),
      })
    } catch {
      return undefined
    }
  }
}

/** Views, none of which is copied on its way to the socket. */
function slices(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + sliceBytes))
        at += sliceBytes
        if (at >= bytes.length) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Everything, or undefined when the connection broke; throws where it is longer than it may be. */
async function bodyOf(response: Response, bytesMax: number): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let length = 0
  try {
    for await (const piece of response.body ?? []) {
      pieces.push(piece)
      length += piece.length
      if (length > bytesMax) break
    }
  } catch {
    return undefined
  }
  if (length > bytesMax) throw unexpected(response.status, 'body-too-long')
  const body = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    body.set(piece, at)
    at += piece.length
  }
  return body
}

/** What an answer says in a few words; undefined when the connection broke. */
export async function shortText(response: Response): Promise<string | undefined> {
  const body = await bodyOf(response, shortBytesMax)
  return body && Buffer.from(body).toString()
}

/** A body that nobody reads would hold its connection. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined) // broken off already
}

export function unexpected(status: number, code: string): BlobStoreError {
  return new BlobStoreError({ type: 'unexpected-answer', status, code })
}

/** ISO 8601, basic format, as the signature has it: 20261121T123000Z. */
function basicTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[:-]|\.\d{3}/g, '')
}
