/** A log's static files from outside (C2SP tlog-tiles): every answer is bounded in time and in size, and none is believed. */
import { no, ok, type Result } from '@plexus/codec'
import { noteBytesMax, type TileId, tilePath, tileWidth } from '@plexus/sdk'

/** A log that is slower than this is not there; the next round asks again. */
const answerMillisecondsMax = 10_000
/** A name, an id and a key. */
const keyBytesMax = 1_024
const hashBytes = 32

export interface Unavailable {
  readonly type: 'unavailable'
  readonly path: string
  readonly says: string
}

export class LogReader {
  /** Where the log's files lie, without a slash at the end. */
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  checkpoint(): Promise<Result<Uint8Array, Unavailable>> {
    return this.get('checkpoint', noteBytesMax)
  }

  verifierKey(): Promise<Result<Uint8Array, Unavailable>> {
    return this.get('vkey', keyBytesMax)
  }

  /** The bytes of these tiles by path, as they came. */
  async tiles(ids: readonly TileId[]): Promise<Result<ReadonlyMap<string, Uint8Array>, Unavailable>> {
    const got = await Promise.all(ids.map((id) => this.tile(id)))
    const tiles = new Map<string, Uint8Array>()
    for (const [index, answer] of got.entries()) {
      if (!answer.ok) return answer
      tiles.set(tilePath(ids[index] as TileId), answer.value)
    }
    return ok(tiles)
  }

  /** A partial tile may have gone since the full one came: then that has the same hashes in front. */
  private async tile(id: TileId): Promise<Result<Uint8Array, Unavailable>> {
    const answer = await this.get(tilePath(id), id.width * hashBytes)
    if (answer.ok || id.width === tileWidth) return answer
    const full = await this.get(tilePath({ ...id, width: tileWidth }), tileWidth * hashBytes)
    return full.ok ? ok(full.value.slice(0, id.width * hashBytes)) : answer
  }

  private async get(path: string, bytesMax: number): Promise<Result<Uint8Array, Unavailable>> {
    const unavailable = (says: string) => no({ type: 'unavailable' as const, path, says })
    try {
      const response = await fetch(`${this.url}/${path}`, {
        redirect: 'error',
        signal: AbortSignal.timeout(answerMillisecondsMax),
      })
      if (response.status !== 200) {
        await response.body?.cancel()
        return unavailable(`status ${response.status}`)
      }
      const parts: Uint8Array[] = []
      let size = 0
      for await (const part of response.body ?? []) {
        size += part.length
        if (size > bytesMax) return unavailable(`more than ${bytesMax} bytes`)
        parts.push(part)
      }
      return ok(new Uint8Array(Buffer.concat(parts)))
    } catch (error) {
      return unavailable(error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no answer')
    }
  }

  /** Hands a cosigned note back to the log; whether it takes it is its own affair. */
  async give(note: Uint8Array): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/cosignatures`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(note),
        redirect: 'error',
        signal: AbortSignal.timeout(answerMillisecondsMax),
      })
      await response.body?.cancel()
      return response.ok
    } catch {
      return false
    }
  }
}
