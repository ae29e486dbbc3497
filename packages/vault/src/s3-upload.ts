import { utf8 } from '@plexus/codec'
import { discard, type S3Answer, type S3Requests, shortText, unexpected } from './s3-requests.ts'
import { elements, escaped } from './s3-xml.ts'
import { nameTaken } from './streamed-blob-store.ts'

/**
 * S3 takes parts of 5 MiB to 5 GiB, at most ten thousand of them: with this one an object may have 78 GiB. Two are in
 * memory at a time, one that is filled and one on its way.
 */
const partBytes = 8 * 1024 * 1024
const partsMax = 10_000
/** What an upload calls itself, so that its own success is not taken for another's. */
const tokenHeader = 'x-amz-meta-plexus-upload'

/** One object on its way: whole under its name at the end, or nothing. */
export class S3Upload {
  readonly #requests: S3Requests
  readonly #name: string
  readonly #token: string

  constructor({ requests, name, token }: { requests: S3Requests; name: string; token: string }) {
    this.#requests = requests
    this.#name = name
    this.#token = token
  }

  /** Gives the length. A short object is one request, a longer one a multipart upload. */
  async run(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const parts = inParts(bytes)
    const first = await parts.next()
    const head = first.value ?? new Uint8Array(0)
    if (head.length < partBytes) {
      await this.#putWhole(head)
      return head.length
    }
    const uploadId = await this.#create()
    try {
      return await this.#putParts(uploadId, head, parts)
    } catch (error) {
      // What stays when this fails, too, is ended at the next opening.
      await this.#requests
        .send({ method: 'DELETE', name: this.#name, query: { uploadId } })
        .then(({ response }) => discard(response))
        .catch(() => undefined)
      throw error
    } finally {
      await parts.return(undefined)
    }
  }

  async #putWhole(body: Uint8Array): Promise<void> {
    const headers = { 'if-none-match': '*', [tokenHeader]: this.#token }
    await this.#settle(await this.#requests.send({ method: 'PUT', name: this.#name, headers, body }), '')
  }

  async #create(): Promise<string> {
    const headers = { [tokenHeader]: this.#token }
    const request = { method: 'POST', name: this.#name, query: { uploads: '' }, headers } as const
    const { status, body } = await this.#requests.sendForBody(request)
    const xml = Buffer.from(body).toString()
    const [uploadId] = elements(xml, 'UploadId')
    if (status !== 200 || uploadId === undefined) throw unexpected(status, elements(xml, 'Code')[0] ?? 'create')
    return uploadId
  }

  async #putParts(uploadId: string, first: Uint8Array, rest: AsyncIterable<Uint8Array>): Promise<number> {
    const begin = (partNumber: number, part: Uint8Array) => {
      const etag = this.#putPart(uploadId, partNumber, part)
      // It may fail while the next part is still being filled; whoever waits for it is told then.
      etag.catch(() => undefined)
      return etag
    }
    let underWay = begin(1, first)
    const etags: string[] = []
    let length = first.length
    try {
      for await (const part of rest) {
        etags.push(await underWay)
        if (etags.length === partsMax) throw new RangeError(`an object has at most ${partsMax * partBytes} bytes`)
        underWay = begin(etags.length + 1, part)
        length += part.length
      }
    } finally {
      // Also when the source broke: a part that is under way must have ended before the upload is.
      await underWay.catch(() => undefined)
    }
    etags.push(await underWay)
    await this.#complete(uploadId, etags)
    return length
  }

  async #putPart(uploadId: string, partNumber: number, body: Uint8Array): Promise<string> {
    const query = { partNumber: `${partNumber}`, uploadId }
    const { response } = await this.#requests.send({ method: 'PUT', name: this.#name, query, body })
    await discard(response)
    const etag = response.headers.get('etag')
    if (response.status !== 200 || etag === null) throw unexpected(response.status, 'part')
    return etag
  }

  /** The instant of the object: before the answer to this nobody sees it. */
  async #complete(uploadId: string, etags: readonly string[]): Promise<void> {
    const parts = etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
    )
    const body = utf8(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const headers = { 'if-none-match': '*', 'content-type': 'application/xml' }
    const answer = await this.#requests.send({ method: 'POST', name: this.#name, query: { uploadId }, headers, body })
    await this.#settle(answer, '<CompleteMultipartUploadResult')
  }

  /**
   * What the last request of an upload came to. One that was sent again may find its own object there, or its upload gone,
   * because the first try happened and only its answer was lost: the token in the object's header tells.
   */
  async #settle({ response, repeated }: S3Answer, completed: string): Promise<void> {
    const xml = await shortText(response)
    // S3 answers a multipart upload with 200 before it knows: an error may stand in the body, or nothing when it broke off.
    if (response.status === 200 && xml?.includes(completed)) return
    if ((repeated || xml === undefined) && (await this.#isOurs())) return
    // 409: another upload of this name ended at the same time (PutObject, "ConditionalRequestConflict").
    if (response.status === 412 || response.status === 409) throw new Error(nameTaken)
    throw unexpected(response.status, elements(xml ?? '', 'Code')[0] ?? 'put')
  }

  async #isOurs(): Promise<boolean> {
    const { response } = await this.#requests.send({ method: 'HEAD', name: this.#name })
    await discard(response)
    return response.status === 200 && response.headers.get(tokenHeader) === this.#token
  }
}

/** The same bytes in parts of one size, the last shorter. A part is its reader's until the one after the next is asked for. */
async function* inParts(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined, void> {
  const rooms = [new Uint8Array(partBytes), new Uint8Array(partBytes)] as const
  let room: Uint8Array = rooms[0]
  let filled = 0
  for await (const piece of bytes) {
    for (let rest = piece; rest.length > 0; ) {
      const count = Math.min(rest.length, partBytes - filled)
      room.set(rest.subarray(0, count), filled)
      filled += count
      rest = rest.subarray(count)
      if (filled < partBytes) continue
      yield room
      room = room === rooms[0] ? rooms[1] : rooms[0]
      filled = 0
    }
  }
  if (filled > 0) yield room.subarray(0, filled)
  return undefined
}
