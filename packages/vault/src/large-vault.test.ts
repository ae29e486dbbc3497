import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collected, pieces, sample } from './blob-store.testing.ts'
import {
  copyOf,
  dyingAt,
  filesBelow,
  newRecord,
  only,
  opened,
  openKeys,
  openVaultIn,
  PowerCut,
  seededRandom,
  temporaryFolder,
} from './fixtures.testing.ts'
import { type CiphertextDiffers, openLargeRecord, readLargeRecord } from './large-record.ts'
import { type LargeNotOpened, type LargeVault, openLargeVault } from './large-vault.ts'
import { openS3BlobStore } from './s3-blob-store.ts'
import { buildS3Server, goCommand, type S3Server, startS3Server } from './s3-server.testing.ts'
import { s3Surroundings } from './s3-surroundings.testing.ts'
import type { StreamedBlobStore } from './streamed-blob-store.ts'
import { openStreamedDiskBlobStore } from './streamed-disk-blob-store.ts'
import { openVault, type SealedRecord } from './vault.ts'

const contentType = 'application/dicom'
const scope = { custodian: 'clinic-a', patient: 'synthetic-patient-0001', segment: 'general' }
const study = sample(200_000)

function openIn(
  folder: string,
  { step, seed = 1 }: { step?: Parameters<typeof openKeys>[1] & object; seed?: number } = {},
) {
  const keys = openKeys(join(folder, 'keys'), { seed, ...step })
  const blobs = openStreamedDiskBlobStore({ folder: join(folder, 'large'), ...step })
  return { folder, keys, blobs, vault: openLargeVault({ blobs, keys, random: seededRandom(seed + 100) }) }
}

const given = (bytes: Uint8Array, changes: object = {}) => ({ ...scope, contentType, bytes: pieces(bytes), ...changes })
const asked = ({ record, where, ciphertextHash }: SealedRecord) => ({
  record,
  where,
  ciphertextHash,
  custodian: 'clinic-a',
  contentType,
})

/** The whole record, or why it is none. */
async function whole(vault: LargeVault, sealed: SealedRecord, changes: object = {}) {
  return outcome(vault.read({ ...asked(sealed), ...changes }))
}

async function outcome<Refusal extends LargeNotOpened | CiphertextDiffers>(
  stream: AsyncIterable<
    { readonly ok: true; readonly value: Uint8Array } | { readonly ok: false; readonly reason: Refusal }
  >,
) {
  const parts: Uint8Array[] = []
  for await (const piece of stream) {
    if (!piece.ok) return piece.reason
    parts.push(piece.value)
  }
  return new Uint8Array(Buffer.concat(parts))
}

async function range(vault: LargeVault, sealed: SealedRecord, from: number, to: number) {
  const reader = await vault.open(asked(sealed))
  if (!reader.ok) return reader.reason
  const bytes = await reader.value.range(from, to)
  return bytes.ok ? bytes.value : bytes.reason
}

describe('a large record on a disk', () => holdsWherever(false))

describe.skipIf(goCommand === undefined)('a large record on an S3 server (needs Go, which builds it)', () =>
  holdsWherever(true),
)

function holdsWherever(s3: boolean): void {
  let server: S3Server | undefined
  let stores = 0

  beforeAll(async () => {
    if (!s3) return
    buildS3Server()
    server = await startS3Server(temporaryFolder())
  }, 900_000)

  afterAll(async () => {
    await server?.stop()
  })

  async function freshStore(): Promise<StreamedBlobStore> {
    if (!server) return openStreamedDiskBlobStore({ folder: temporaryFolder() })
    const store = await openS3BlobStore(
      { ...server.place, prefix: `large-${++stores}/` },
      s3Surroundings().surroundings,
    )
    if (!store.ok) throw new Error(store.reason.type)
    return store.value
  }

  test('opens to the bytes that came, whole and in ranges, for its custodian and for a receiver', async () => {
    const blobs = await freshStore()
    const keys = openKeys(join(temporaryFolder(), 'keys'))
    const vault = openLargeVault({ blobs, keys, random: seededRandom(101) })
    for (const length of [0, 16_384, 200_000, 9 * 1024 * 1024 + 1]) {
      const bytes = sample(length)
      const sealed = await vault.seal(given(bytes))
      const all = await whole(vault, sealed)
      expect(all instanceof Uint8Array && Buffer.compare(all, bytes)).toBe(0)
      expect(await range(vault, sealed, Math.floor(length / 3), Math.floor(length / 2))).toEqual(
        bytes.slice(Math.floor(length / 3), Math.floor(length / 2)),
      )
      expect(sealed.length).toBe(length)
      expect(sealed.plaintextHash).toEqual(sha256(bytes))

      const key = keys.dataKey(sealed.record)
      const ciphertext = await vault.ciphertext(sealed.where)
      if (!key.ok || !ciphertext.ok) throw new Error('sealed, but not there')
      const received = new Uint8Array(Buffer.concat(await collected(ciphertext.value)))
      expect(received.length).toBe(sealed.where.length)
      expect(sha256(received)).toEqual(sealed.ciphertextHash)
      const context = { key: key.value, record: sealed.record, custodian: 'clinic-a', contentType }
      const { ciphertextHash } = sealed
      const opening = await outcome(openLargeRecord({ ...context, ciphertextHash, ciphertext: pieces(received) }))
      expect(opening instanceof Uint8Array && Buffer.compare(opening, bytes)).toBe(0)
      const reader = await readLargeRecord({
        ...context,
        length: received.length,
        read: async (offset, count) => received.subarray(offset, offset + count),
      })
      expect(reader.ok && (await reader.value.range(length, length))).toEqual({ ok: true, value: new Uint8Array(0) })
    }
    expect(await vault.verify()).toEqual({ objects: 4, damaged: [], open: 4, erased: 0, leftover: 0 })
    keys.close()
  })

  test('is removed with its key', async () => {
    const blobs = await freshStore()
    const keys = openKeys(join(temporaryFolder(), 'keys'))
    const vault = openLargeVault({ blobs, keys, random: seededRandom(101) })
    const sealed = await vault.seal(given(study))
    expect(await vault.erase(sealed.record)).toEqual({ ok: true, value: undefined })
    expect(await collected(blobs.list())).toEqual([])
    expect(await whole(vault, sealed)).toEqual({ type: 'erased' })
    expect(await vault.erase(new Uint8Array(16))).toEqual({ ok: false, reason: { type: 'unknown-record' } })
    keys.close()
  })
}

test('a part of the ciphertext is given as it lies there', async () => {
  const { vault, keys } = openIn(temporaryFolder())
  const sealed = await vault.seal(given(study))
  const part = async (from: number, to: number) => {
    const stream = await vault.ciphertext(sealed.where, { from, to })
    return stream.ok ? Buffer.concat(await collected(stream.value)) : stream.reason.type
  }
  const all = (await part(0, sealed.where.length)) as Buffer
  expect(await part(100, 40_000)).toEqual(all.subarray(100, 40_000))
  await expect(part(0, sealed.where.length + 1)).rejects.toThrow(RangeError)
  keys.close()
})

test('no file of the vault holds a large record, a patient or a data key in clear', async () => {
  const { vault, keys, folder } = openIn(temporaryFolder())
  const text = Buffer.from('synthetic finding of no meaning'.repeat(2_000))
  const sealed = await vault.seal(given(text))
  const key = keys.dataKey(sealed.record)
  if (!key.ok) throw new Error('sealed, but not there')
  const secrets = [Buffer.from('synthetic finding'), Buffer.from('synthetic-patient'), Buffer.from(key.value)]
  keys.close()
  for (const file of filesBelow(folder)) for (const secret of secrets) expect(file.includes(secret)).toBe(false)
})

test('a flipped bit is refused wherever it is read, and found by whoever has no key', async () => {
  const { vault, keys, folder } = openIn(temporaryFolder())
  const [sealed, other] = [await vault.seal(given(study)), await vault.seal(given(study))]
  const path = join(folder, 'large', sealed.where.object)
  const bytes = readFileSync(path)
  for (const at of [0, 30, 56, 40_000, sealed.where.length - 1]) {
    bytes[at] = (bytes[at] as number) ^ 16
    writeFileSync(path, bytes)
    expect(await whole(vault, sealed)).toMatchObject({
      type: at < 56 ? 'commitment-mismatch' : 'chunk-not-authentic',
    })
    expect(await vault.verify()).toMatchObject({ objects: 2, damaged: [sealed.where.object], open: 2 })
    bytes[at] = (bytes[at] as number) ^ 16
  }
  writeFileSync(path, bytes.subarray(0, bytes.length - 1))
  expect(await vault.verify()).toMatchObject({ damaged: [sealed.where.object] })
  expect(await whole(vault, other)).toEqual(study)
  keys.close()
})

test('a ciphertext that was swapped, or is bound to something else, is refused', async () => {
  const { vault, keys } = openIn(temporaryFolder())
  const [sealed, other] = [await vault.seal(given(study)), await vault.seal(given(sample(200_000, 2)))]
  const differs = { type: 'commitment-mismatch' }
  expect(await whole(vault, sealed, { where: other.where })).toEqual(differs)
  expect(await whole(vault, sealed, { custodian: 'clinic-b' })).toEqual(differs)
  expect(await whole(vault, sealed, { contentType: 'text/plain' })).toEqual(differs)
  expect(await whole(vault, sealed, { ciphertextHash: other.ciphertextHash })).toEqual({ type: 'ciphertext-differs' })
  expect(await whole(vault, sealed, { where: { ...sealed.where, length: sealed.where.length - 1 } })).toMatchObject({
    type: 'chunk-not-authentic',
  })
  expect(await range(vault, { ...sealed, where: other.where }, 0, 1)).toEqual(differs)
  expect(await whole(vault, { ...sealed, record: new Uint8Array(16) })).toEqual({ type: 'unknown-record' })
  keys.close()
})

test('a record whose object is gone is missing', async () => {
  const { vault, keys, blobs } = openIn(temporaryFolder())
  const sealed = await vault.seal(given(study))
  await blobs.remove(sealed.where.object)
  expect(await whole(vault, sealed)).toEqual({ type: 'blob-missing' })
  expect(await range(vault, sealed, 0, 1)).toEqual({ type: 'blob-missing' })
  keys.close()
})

test('an erased segment stays closed after an older copy of the objects is put back, and its room is reclaimed', async () => {
  const { vault, keys, folder } = openIn(temporaryFolder())
  const sealed = await vault.seal(given(study))
  const kept = await vault.seal(given(study, { segment: 'part2' }))
  const backup = join(temporaryFolder(), 'large')
  cpSync(join(folder, 'large'), backup, { recursive: true })
  expect(keys.eraseScope(scope)).toEqual({ epochs: 1, records: 1 })
  keys.close()
  rmSync(join(folder, 'large'), { recursive: true })
  cpSync(backup, join(folder, 'large'), { recursive: true })

  const again = openIn(folder, { seed: 2 })
  expect(await whole(again.vault, sealed)).toEqual({ type: 'erased' })
  expect(await again.vault.verify()).toMatchObject({ open: 1, erased: 1, leftover: 0 })
  expect(await again.vault.reclaim()).toBe(1)
  expect(await collected(again.blobs.list())).toEqual([kept.where.object])
  expect(await whole(again.vault, kept)).toEqual(study)
  again.keys.close()
})

test('a segment that is erased while a record of it is on its way begins a new epoch with it', async () => {
  const { vault, keys } = openIn(temporaryFolder())
  await vault.seal(given(study))
  async function* slow() {
    yield study
    expect(keys.eraseScope(scope)).toEqual({ epochs: 1, records: 1 })
    yield study
  }
  const sealed = await vault.seal({ ...scope, contentType, bytes: slow() })
  expect(sealed.epoch).toBe(2)
  const seam = [...study.subarray(-10), ...study.subarray(0, 10)]
  expect(await range(vault, sealed, 199_990, 200_010)).toEqual(Uint8Array.from(seam))
  keys.close()
})

test('a source that breaks leaves neither object nor key', async () => {
  const { vault, keys, blobs } = openIn(temporaryFolder())
  async function* broken() {
    yield study
    throw new Error('the sender hung up')
  }
  await expect(vault.seal({ ...scope, contentType, bytes: broken() })).rejects.toThrow('the sender hung up')
  expect(await collected(blobs.list())).toEqual([])
  expect(keys.counts()).toMatchObject({ records: 0, epochs: 0 })
  keys.close()
})

const sealingSteps = ['blob-write', 'blob-rename', 'blob-folder-sync', 'keys-commit']

test.each(sealingSteps.flatMap((name, nth) => (['before', 'after'] as const).map((moment) => ({ name, nth, moment }))))(
  'a process that dies $moment $name seals a large record or nothing',
  async ({ name, nth, moment }) => {
    const death = dyingAt(nth, moment)
    const { vault, folder } = openIn(temporaryFolder(), { step: { step: death.step } })
    const kept = await vault.seal(given(study))
    death.arm()
    await expect(vault.seal(given(study))).rejects.toThrow(PowerCut)
    expect(death.written.at(-1)).toBe(name)

    const left = openIn(copyOf(folder), { seed: 2 })
    const report = await left.vault.verify()
    const committed = name === 'keys-commit' && moment === 'after'
    expect(report).toMatchObject({ open: committed ? 2 : 1, damaged: [] })
    expect(report.leftover).toBe(report.objects - report.open)
    expect(await whole(left.vault, kept)).toEqual(study)
    expect(await whole(left.vault, await left.vault.seal(given(study)))).toEqual(study)
    left.keys.close()
  },
)

test('a foreign file among the objects is reported and hides nothing', async () => {
  const { vault, keys, folder } = openIn(temporaryFolder())
  await vault.seal(given(study))
  writeFileSync(join(folder, 'large', 'notours'), 'not an object')
  const seen: number[] = []
  expect(await vault.verify((objects) => seen.push(objects))).toMatchObject({
    objects: 2,
    open: 1,
    damaged: ['notours'],
  })
  expect(seen).toEqual([1, 2])
  expect(await vault.reclaim()).toBe(0)
  keys.close()
})

test('large and small records share a key store, and neither opens as the other', async () => {
  const folder = temporaryFolder()
  const small = openVaultIn(folder)
  const large = openLargeVault({
    blobs: openStreamedDiskBlobStore({ folder: join(folder, 'large') }),
    keys: small.keys,
    random: seededRandom(150),
  })
  const one = only(small.vault.seal([newRecord({ text: 'small' })]))
  const sealed = await large.seal(given(study))
  expect(sealed.epoch).toBe(one.epoch)
  expect(opened(small.vault, one)).toBe('small')
  expect(await whole(large, sealed)).toEqual(study)
  expect(small.vault.stats()).toMatchObject({ records: 2, epochs: 1 })
  // The ciphertext of one under the key of the other, in the other's words.
  const key = small.keys.dataKey(one.record)
  const ciphertext = small.vault.ciphertext(one.where)
  if (!key.ok || !ciphertext.ok) throw new Error('sealed, but not there')
  const read = async (offset: number, count: number) => ciphertext.value.subarray(offset, offset + count)
  const context = { key: key.value, record: one.record, custodian: 'clinic-a', contentType }
  expect((await readLargeRecord({ ...context, length: 72, read })).ok).toBe(false)
  expect(toHex(one.record)).not.toBe(sealed.where.object)
  small.keys.close()
})

test('many large records are sealed at once, each whole', async () => {
  const { vault, keys } = openIn(temporaryFolder())
  const sealed = await Promise.all([1, 2, 3, 4].map((seed) => vault.seal(given(sample(300_000, seed)))))
  for (const [index, each] of sealed.entries()) expect(await whole(vault, each)).toEqual(sample(300_000, index + 1))
  expect(keys.counts()).toMatchObject({ records: 4, epochs: 1 })
  keys.close()
})

test('the keys of large records count as keys without a pack where only packs are looked at', async () => {
  const folder = temporaryFolder()
  const { keys, blobs, vault } = openVaultIn(folder)
  const large = openLargeVault({
    blobs: openStreamedDiskBlobStore({ folder: join(folder, 'large') }),
    keys,
    random: seededRandom(150),
  })
  await large.seal(given(study))
  const { keysWithoutBlob } = openVault({ blobs, keys, random: seededRandom(151) }).verify()
  expect(keysWithoutBlob - (await large.verify()).open).toBe(0)
  expect(vault.stats().records).toBe(1)
  keys.close()
})
