import { no, ok, type Result, toHex } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import { checkBlobName } from './blob-store.ts'
import { discard, type S3Place, S3Requests, type S3Surroundings, shortText, unexpected } from './s3-requests.ts'
import { S3Upload } from './s3-upload.ts'
import { blocks, elements } from './s3-xml.ts'
import {
  BlobStoreError,
  type BlobStoreFault,
  checkReadRange,
  readBytesMax,
  type StreamedBlobStore,
} from './streamed-blob-store.ts'

/** A page has at most a thousand short names. */
const pageBytesMax = 1024 * 1024
/** Ten million objects: whoever has more keeps several prefixes. It ends a server that pages for ever. */
const pagesMax = 10_000
/** In a row, and none of them brought a byte. */
const resumesMax = 5

/**
 * Large objects in a bucket of an S3-compatible store (PutObject and multipart uploads with `If-None-Match: *`, GetObject
 * with `Range`, ListObjectsV2). Opening asks the bucket, and ends uploads below the prefix that a crash left half-written:
 * nobody sees them, but they cost room. So one process at a time may have a prefix open; a second one is no danger to what
 * is stored, but ends the uploads of the first.
 */
export async function openS3BlobStore(
  place: S3Place,
  surroundings: S3Surroundings & { readonly random: RandomBytes },
): Promise<Result<StreamedBlobStore, BlobStoreFault>> {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(place.bucket)) throw new RangeError('a bucket has a name of S3')
  if (!/^(?:[a-z0-9-]+\/)*$/.test(place.prefix)) throw new RangeError('a prefix is empty or ends in a slash')
  const store = new S3BlobStore(place, surroundings)
  try {
    await store.endUploads()
    return ok(store)
  } catch (error) {
    if (error instanceof BlobStoreError) return no(error.fault)
    throw error
  }
}

class S3BlobStore implements StreamedBlobStore {
  readonly #prefix: string
  readonly #requests: S3Requests
  readonly #random: RandomBytes

  constructor(place: S3Place, surroundings: S3Surroundings & { readonly random: RandomBytes }) {
    this.#prefix = place.prefix
    this.#requests = new S3Requests(place, surroundings)
    this.#random = surroundings.random
  }

  async put(name: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    checkBlobName(name)
    return new S3Upload({ requests: this.#requests, name, token: toHex(this.#random(16)) }).run(bytes)
  }

  async length(name: string): Promise<number | undefined> {
    checkBlobName(name)
    const { response } = await this.#requests.send({ method: 'HEAD', name })
    await discard(response)
    // An answer to HEAD has no body that could say what there is not: the object, or something else.
    if (response.status === 404 && (await this.#ranged(name, 0, 1, null)) === undefined) return undefined
    const length = Number(response.headers.get('content-length') ?? Number.NaN)
    if (response.status !== 200 || !Number.isSafeInteger(length)) throw unexpected(response.status, 'head')
    return length
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    checkReadRange(offset, length, readBytesMax)
    const stream = await this.stream(name, offset, length)
    if (stream === undefined) return undefined
    const bytes = new Uint8Array(length)
    let at = 0
    for await (const piece of stream) {
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes
  }

  async stream(name: string, offset: number, length: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    checkBlobName(name)
    checkReadRange(offset, length)
    if (length === 0) {
      // There is no empty range in HTTP (RFC 9110 §14.1.2), so the length tells.
      const whole = await this.length(name)
      return whole === undefined || offset > whole ? undefined : nothing()
    }
    const first = await this.#ranged(name, offset, length, null)
    return first && this.#pieces(name, first, offset, length)
  }

  async *list(): AsyncIterable<string> {
    let token: string | undefined
    for (let page = 0; page < pagesMax; page++) {
      const query = {
        'list-type': '2',
        prefix: this.#prefix,
        ...(token !== undefined && { 'continuation-token': token }),
      }
      const xml = await this.#page(query)
      for (const block of blocks(xml, 'Contents')) {
        const [key] = elements(block, 'Key')
        if (key?.startsWith(this.#prefix)) yield key.slice(this.#prefix.length)
      }
      ;[token] = elements(xml, 'IsTruncated')[0] === 'true' ? elements(xml, 'NextContinuationToken') : []
      if (token === undefined) return
    }
    throw unexpected(200, 'pages-without-end')
  }

  async remove(name: string): Promise<void> {
    checkBlobName(name)
    const { response } = await this.#requests.send({ method: 'DELETE', name })
    await discard(response)
    if (response.status !== 204 && response.status !== 200 && response.status !== 404) {
      throw unexpected(response.status, 'delete')
    }
  }

  /** Ends every upload below the prefix that is under way. */
  async endUploads(): Promise<void> {
    for (let page = 0; page < pagesMax; page++) {
      const uploads = blocks(await this.#page({ uploads: '', prefix: this.#prefix }), 'Upload').flatMap((block) => {
        const [[key], [uploadId]] = [elements(block, 'Key'), elements(block, 'UploadId')]
        return key?.startsWith(this.#prefix) && uploadId !== undefined ? [{ key, uploadId }] : []
      })
      if (uploads.length === 0) return
      for (const { key, uploadId } of uploads) {
        const name = key.slice(this.#prefix.length)
        const { response } = await this.#requests.send({ method: 'DELETE', name, query: { uploadId } })
        await discard(response)
      }
    }
    throw unexpected(200, 'uploads-without-end')
  }

  async #page(query: Readonly<Record<string, string>>): Promise<string> {
    const { status, body } = await this.#requests.sendForBody({ method: 'GET', name: null, query }, pageBytesMax)
    const xml = Buffer.from(body).toString()
    if (status !== 200) throw faultOf(status, xml)
    return xml
  }

  /** The answer to one range, or undefined when the object does not reach that far. `etag`: of the same bytes only. */
  async #ranged(name: string, offset: number, length: number, etag: string | null): Promise<Response | undefined> {
    const headers = { range: `bytes=${offset}-${offset + length - 1}`, ...(etag !== null && { 'if-match': etag }) }
    const { response } = await this.#requests.send({ method: 'GET', name, headers })
    const [, from, to] = response.headers.get('content-range')?.match(/^bytes (\d+)-(\d+)\//) ?? []
    if (response.status === 206 && Number(from) === offset && Number(to) === offset + length - 1) return response
    const xml = response.status === 404 ? await shortText(response) : undefined
    if (xml !== undefined && !xml.includes('<Code>NoSuchKey</Code>')) throw faultOf(404, xml)
    await discard(response)
    if (response.status === 404 || response.status === 416) return undefined
    // A range that reaches beyond the end is answered as far as there is something (RFC 9110 §14.1.2).
    if (response.status === 206 && Number(from) === offset && Number(to) < offset + length - 1) return undefined
    throw unexpected(response.status, 'range')
  }

  /** The pieces of a range; a connection that breaks is taken up where it broke. */
  async *#pieces(
    name: string,
    first: Response,
    offset: number,
    length: number,
  ): AsyncGenerator<Uint8Array, void, void> {
    const etag = first.headers.get('etag')
    const end = offset + length
    let at = offset
    let response = first
    for (let resumes = 0; ; ) {
      for await (const piece of untilBroken(response)) {
        if (at + piece.length > end) throw unexpected(response.status, 'body-too-long')
        at += piece.length
        resumes = 0
        yield piece
      }
      if (at === end) return
      resumes += 1
      if (resumes > resumesMax) throw new BlobStoreError({ type: 'unreachable', attempts: resumes })
      const next = await this.#ranged(name, at, end - at, etag)
      if (next === undefined) throw unexpected(404, 'ended-early')
      response = next
    }
  }
}

/** Some servers answer an unknown key of access with 404, as others do a bucket that is not there. */
const faultsByCode: Readonly<Record<string, BlobStoreFault>> = {
  NoSuchBucket: { type: 'bucket-missing' },
  AccessDenied: { type: 'denied' },
  InvalidAccessKeyId: { type: 'denied' },
  SignatureDoesNotMatch: { type: 'denied' },
  XAdminUserNotFound: { type: 'denied' },
}

function faultOf(status: number, xml: string): BlobStoreError {
  const code = elements(xml, 'Code')[0] ?? ''
  const fault = faultsByCode[code]
  return fault ? new BlobStoreError(fault) : unexpected(status, code)
}

/** What came of a body before it ended or broke; whether it is whole, its length tells. */
async function* untilBroken(response: Response): AsyncGenerator<Uint8Array, void, void> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const next = await reader.read().catch(() => undefined)
      if (next === undefined || next.done) return
      yield next.value
    }
  } finally {
    await reader.cancel().catch(() => undefined) // ended or broken already
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}
