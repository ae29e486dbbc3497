import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blobStoreConformance, collected, gathered, largeLength, pieces, sample } from './blob-store.testing.ts'
import { temporaryFolder } from './fixtures.testing.ts'
import { openS3BlobStore } from './s3-blob-store.ts'
import { type S3Place, S3Requests } from './s3-requests.ts'
import { buildS3Server, goCommand, type S3Server, startS3Server } from './s3-server.testing.ts'
import { type Fault, s3Surroundings } from './s3-surroundings.testing.ts'
import { blocks } from './s3-xml.ts'
import { BlobStoreError } from './streamed-blob-store.ts'

const withoutServer = goCommand === undefined
/** A cold build of the server takes a minute or two. */
const buildMillisecondsMax = 900_000

describe.skipIf(withoutServer)('S3, asked of a real server (needs Go, which builds it)', () => {
  let server: S3Server
  let folder: string
  let prefixes = 0

  beforeAll(async () => {
    buildS3Server()
    folder = temporaryFolder()
    server = await startS3Server(folder)
  }, buildMillisecondsMax)

  afterAll(async () => {
    await server.stop()
  })

  /** An empty store of its own. */
  const freshPlace = (): S3Place => ({ ...server.place, prefix: `member-${++prefixes}/` })

  async function opened(place: S3Place, surroundings = s3Surroundings().surroundings) {
    const store = await openS3BlobStore(place, surroundings)
    if (!store.ok) throw new Error(store.reason.type)
    return store.value
  }

  async function uploadsUnderWay({ prefix, ...place }: S3Place): Promise<number> {
    const requests = new S3Requests({ ...place, prefix }, s3Surroundings().surroundings)
    const { body } = await requests.sendForBody({ method: 'GET', name: null, query: { uploads: '', prefix } })
    return blocks(Buffer.from(body).toString(), 'Upload').length
  }

  blobStoreConformance('a bucket of an S3 server as a store of large objects', async () => {
    const place = freshPlace()
    return { store: await opened(place), reopen: () => opened(place) }
  })

  test('two prefixes of a bucket do not see each other', async () => {
    const [first, second] = [await opened(freshPlace()), await opened(freshPlace())]
    await first.put('a1', [sample(10)])
    expect(await second.length('a1')).toBeUndefined()
    expect(await collected(second.list())).toEqual([])
    await second.put('a1', [sample(20)])
    expect([await first.length('a1'), await second.length('a1')]).toEqual([10, 20])
  })

  test('more names than a page holds are listed', async () => {
    const place = freshPlace()
    const store = await opened(place)
    const below = join(folder, 'objects', place.bucket, place.prefix)
    mkdirSync(below, { recursive: true })
    for (let index = 0; index < 1_005; index++) writeFileSync(join(below, `n${index}`), '')
    expect(new Set(await collected(store.list())).size).toBe(1_005)
  })

  test('opening says why it cannot: no such bucket, denied, nobody there', async () => {
    const { surroundings, pauses } = s3Surroundings()
    const refusal = async (changes: Partial<S3Place>) => {
      const store = await openS3BlobStore({ ...server.place, ...changes }, surroundings)
      return store.ok ? null : store.reason
    }
    const { credentials } = server.place
    expect(await refusal({ bucket: 'nobodys' })).toEqual({ type: 'bucket-missing' })
    expect(await refusal({ credentials: { ...credentials, secretAccessKey: 'wrong' } })).toEqual({ type: 'denied' })
    expect(await refusal({ credentials: { ...credentials, accessKeyId: 'nobody' } })).toEqual({ type: 'denied' })
    expect(pauses).toEqual([])
    expect(await refusal({ endpoint: 'http://127.0.0.1:1' })).toEqual({ type: 'unreachable', attempts: 5 })
    expect(pauses).toEqual([100, 200, 400, 800])
    await expect(refusal({ bucket: '../vault' })).rejects.toThrow(RangeError)
    await expect(refusal({ prefix: 'a/../' })).rejects.toThrow(RangeError)
  })

  test('an error names neither object nor credentials nor address', async () => {
    let gone = false
    const { surroundings } = s3Surroundings(() => (gone ? 'did-not-happen' : undefined))
    const store = await opened(freshPlace(), surroundings)
    gone = true
    const error = await store.put('abcdef', [sample(5)]).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BlobStoreError)
    expect((error as BlobStoreError).fault).toEqual({ type: 'unreachable', attempts: 5 })
    const text = `${String(error)} ${JSON.stringify(error)}`
    for (const hidden of ['abcdef', 'test-', '127.0.0.1', 'vault/']) expect(text).not.toContain(hidden)
  })

  test('what was uploaded halfway by whoever died is ended at the next opening', async () => {
    const place = freshPlace()
    let dead = false
    const { surroundings } = s3Surroundings(() => (dead ? 'did-not-happen' : undefined))
    const store = await opened(place, surroundings)
    async function* source() {
      yield sample(largeLength)
      dead = true
    }
    await expect(store.put('half', source())).rejects.toThrow('unreachable')
    expect(await uploadsUnderWay(place)).toBe(1)
    const again = await opened(place)
    expect(await uploadsUnderWay(place)).toBe(0)
    expect(await collected(again.list())).toEqual([])
  })

  const shortRequests = ['PUT']
  const largeRequests = ['POST create', 'PUT part 1', 'PUT part 2', 'PUT part 3', 'POST complete']
  const faults: readonly Fault[] = ['did-not-happen', 'happened', 'slow-down']
  const cases = [
    ...shortRequests.map((request, nth) => ({ request, nth, length: 5_000 })),
    ...largeRequests.map((request, nth) => ({ request, nth, length: largeLength })),
  ].flatMap((each) => faults.map((fault) => ({ ...each, fault })))

  test.each(cases)(
    '$request of $length bytes fails once ($fault): the object is stored whole all the same',
    async ({ nth, length, fault }) => {
      const place = freshPlace()
      let armedFrom = Number.POSITIVE_INFINITY
      const network = s3Surroundings((at) => (at === armedFrom + nth ? fault : undefined))
      const store = await opened(place, network.surroundings)
      armedFrom = network.asked.length
      const bytes = sample(length, 3)
      expect(await store.put('a1', pieces(bytes))).toBe(length)
      const stored = await gathered(await store.stream('a1', 0, length))
      expect(stored && Buffer.compare(stored, bytes)).toBe(0)
      expect(network.pauses).toEqual([100])
      // An upload that was created without our hearing of it is found by the next opening.
      await opened(place)
      expect(await uploadsUnderWay(place)).toBe(0)
    },
  )

  test.each([5_000, largeLength])('%i bytes, sent again: another’s object is not taken for our own', async (length) => {
    const place = freshPlace()
    const other = await opened(place)
    let stolen: Promise<number> | undefined
    const network = s3Surroundings((_, { method, path }) => {
      const last = length === 5_000 ? method === 'PUT' : method === 'POST' && !path.includes('uploads=')
      if (!last || stolen) return undefined
      stolen = other.put('a1', [sample(77)])
      return 'did-not-happen'
    })
    const patient = { ...network.surroundings, pause: async () => void (await stolen) }
    const store = await opened(place, patient)
    await expect(store.put('a1', [sample(length)])).rejects.toThrow('stored once')
    expect(await store.read('a1', 0, 77)).toEqual(sample(77))
    expect(await uploadsUnderWay(place)).toBe(0)
  })

  test('a download that breaks off is taken up where it broke', async () => {
    const place = freshPlace()
    const bytes = sample(largeLength, 5)
    await (await opened(place)).put('a1', [bytes])
    let breaks = 3
    const network = s3Surroundings((_, { method, path }) => {
      if (method !== 'GET' || !path.includes('/a1') || breaks === 0) return undefined
      breaks -= 1
      return 'body-broken'
    })
    const store = await opened(place, network.surroundings)
    const stored = await gathered(await store.stream('a1', 0, largeLength))
    expect(stored && Buffer.compare(stored, bytes)).toBe(0)
    expect(network.asked.filter(({ path }) => path.includes('/a1'))).toHaveLength(4)
  })

  test('a store that answers with other bytes than were asked for is an error', async () => {
    const place = freshPlace()
    await (await opened(place)).put('a1', [sample(1_000)])
    const { surroundings } = s3Surroundings()
    const answering = (make: (headers: Headers) => Response) =>
      opened(place, {
        ...surroundings,
        fetch: async (input, init) => {
          const response = await surroundings.fetch(input, init)
          if (response.status !== 206) return response
          await response.body?.cancel()
          return make(response.headers)
        },
      })
    const range = (text: string) => ({ 'content-range': text })
    const tooLong = await answering((headers) => new Response(sample(11), { status: 206, headers }))
    await expect(tooLong.read('a1', 0, 10)).rejects.toThrow('body-too-long')
    const whole = await answering(() => new Response(sample(1_000), { status: 200 }))
    await expect(whole.read('a1', 5, 10)).rejects.toThrow('unexpected-answer 200')
    const elsewhere = await answering(
      () => new Response(sample(10), { status: 206, headers: range('bytes 6-15/1000') }),
    )
    await expect(elsewhere.read('a1', 5, 10)).rejects.toThrow('unexpected-answer 206')
    const empty = await answering(() => new Response(null, { status: 206, headers: range('bytes 5-14/1000') }))
    await expect(empty.read('a1', 5, 10)).rejects.toThrow('unreachable')
  })
})
