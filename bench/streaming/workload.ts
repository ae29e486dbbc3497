/** Suite `streaming`: what passes through the vault in chunks, how fast on one core, and how little of it is held. */
import { createCipheriv, createDecipheriv, createHash, createSecretKey } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openChunked, openChunkedReader, release, sealChunked, sealedLengthOf, systemRandom } from '@plexus/crypto'
import {
  type LargeVault,
  openKeyStore,
  openLargeVault,
  openStreamedDiskBlobStore,
  type SealedRecord,
} from '@plexus/vault'
import { cpuSeconds, median, type Outcome, type RunOptions, type Suite } from '../suite.ts'

const mebibyte = 1024 * 1024
/** The record of the memory's figure, and texts of the rates. */
const recordMebibytes = 2_048
const textMebibytes = 512
const small = { recordMebibytes: 8, textMebibytes: 8 }
const rounds = 5
/** What comes in one piece from whoever sends. */
const pieceBytes = mebibyte
const rangeBytes = 16_384
const rangesMax = 500
const rateTarget = { type: 'at-least', value: 600 } as const
const growthTarget = { type: 'below', value: 64 } as const

const key = new Uint8Array(32).fill(1)
const salt = new Uint8Array(24).fill(2)
const context = new Uint8Array(64).fill(3)
const scope = { custodian: 'clinic-a', patient: 'synthetic-patient-0001', segment: 'general' }
const contentType = 'application/dicom'

export const suite: Suite = {
  name: 'streaming',
  claim:
    'MiB per second of one core that are sealed and opened in chunks (Cobblestone-256, 16 KiB a chunk, each authenticated before it leaves); and by how much the resident memory of a process grows at most while a record of 2 GiB goes through the vault onto a disk and back.',
  nonClaim:
    'Nothing about a far store or a network. The vault’s rates contain two SHA-256 of every byte when sealing, one when opening, and the waits for the disk; the target is that of the chunks alone. Rates of chunks are per second of CPU, so they say nothing of a core that others keep busy.',
  oneCore: true,
  run,
}

async function run({ small: isSmall, tell }: RunOptions): Promise<Outcome> {
  const { recordMebibytes: recordSize, textMebibytes: textSize } = isSmall ? small : { recordMebibytes, textMebibytes }
  // First: what the rates leave behind would hide a growth.
  const vault = await throughVault(recordSize, tell)
  const rates = {
    seal: [] as number[],
    open: [] as number[],
    range: [] as number[],
    raw: [] as number[],
    rawOpen: [] as number[],
  }
  let sealedHash = ''
  for (let round = 0; round < (isSmall ? 1 : rounds); round++) {
    rates.seal.push(await rateOf(textSize, () => drained(sealChunked({ key, context, salt }, textOf(textSize)))))
    const sealed = await gathered(
      sealChunked({ key, context, salt }, textOf(textSize)),
      sealedLengthOf(textSize * mebibyte),
    )
    sealedHash = createHash('sha256').update(sealed).digest('hex')
    rates.open.push(await rateOf(textSize, () => drainedResults(openChunked({ key, context }, inPieces(sealed)))))
    rates.range.push(await rangesPerSecond(sealed))
    const raw = await rawRates(textSize)
    rates.raw.push(raw.seal)
    rates.rawOpen.push(raw.open)
  }
  const [seal, open, raw, rawOpen] = [rates.seal, rates.open, rates.raw, rates.rawOpen].map(median) as [
    number,
    number,
    number,
    number,
  ]
  tell(`Of raw AES-256-GCM, one MiB a call: ${percent(seal / raw)} sealing, ${percent(open / rawOpen)} opening.`)
  return {
    figures: [
      { name: 'sealed in chunks, one core', value: seal, unit: 'MiB/s', target: rateTarget },
      { name: 'opened in chunks, one core', value: open, unit: 'MiB/s', target: rateTarget },
      { name: 'raw AES-256-GCM of node:crypto, 1 MiB a call, sealing', value: raw, unit: 'MiB/s' },
      { name: 'raw AES-256-GCM of node:crypto, 1 MiB a call, opening', value: rawOpen, unit: 'MiB/s' },
      { name: 'ranges of 16 KiB opened at random places of a buffer', value: median(rates.range), unit: 'ranges/s' },
      {
        name: `memory growth, ${recordSize} MiB sealed to disk`,
        value: vault.sealGrowth,
        unit: 'MiB',
        target: growthTarget,
      },
      {
        name: `memory growth, ${recordSize} MiB opened from disk`,
        value: vault.openGrowth,
        unit: 'MiB',
        target: growthTarget,
      },
      { name: 'resident and external memory kept after a collection', value: vault.keptGrowth, unit: 'MiB' },
      { name: 'sealed by the vault, both hashes, durable on disk', value: vault.sealRate, unit: 'MiB/s' },
      { name: 'the same per CPU second', value: vault.sealCpuRate, unit: 'MiB/s' },
      { name: 'opened by the vault from disk, hash compared', value: vault.openRate, unit: 'MiB/s' },
      { name: 'the same per CPU second', value: vault.openCpuRate, unit: 'MiB/s' },
    ],
    checked: { textMebibytes: textSize, sealedHash, record: vault.checked },
  }
}

/** One large record through the vault and back, with the highest resident memory seen on the way. */
async function throughVault(size: number, tell: (line: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-streaming-'))
  const keys = openKeyStore({ folder: join(folder, 'keys'), masterKey: key, random: systemRandom })
  if (!keys.ok) throw new Error(keys.reason.type)
  try {
    const blobs = openStreamedDiskBlobStore({ folder: join(folder, 'large') })
    const vault = openLargeVault({ blobs, keys: keys.value, random: systemRandom })
    // Code and pages that any first record needs; the growth of the large one is what is asked for.
    await readWhole(vault, await vault.seal({ ...scope, contentType, bytes: textOf(1) }))
    const before = settled()
    const sealing = watch()
    const sealed = await vault.seal({ ...scope, contentType, bytes: sealing.passing(textOf(size)) })
    const sealedIn = sealing.end(size, before)
    const between = settled()
    const opening = watch()
    const hash = await readWhole(vault, sealed, opening.look)
    const openedIn = opening.end(size, between)
    const after = settled()
    const kept = (after.rss + after.external - before.rss - before.external) / mebibyte
    tell(`Memory: ${shown(before)} before, ${shown(between)} after sealing, ${shown(after)} after opening.`)
    if (hash !== Buffer.from(sealed.plaintextHash).toString('hex')) throw new Error('other bytes came out than went in')
    return {
      sealGrowth: sealedIn.growth,
      openGrowth: openedIn.growth,
      keptGrowth: Math.max(0, kept),
      sealRate: sealedIn.rate,
      sealCpuRate: sealedIn.cpuRate,
      openRate: openedIn.rate,
      openCpuRate: openedIn.cpuRate,
      checked: { length: sealed.length, sealedLength: sealed.where.length, plaintextHash: hash },
    }
  } finally {
    keys.value.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The hash of all that came out; throws where something was refused. */
async function readWhole(vault: LargeVault, sealed: SealedRecord, look: (bytes: Uint8Array) => void = () => {}) {
  const hash = createHash('sha256')
  for await (const piece of vault.read({ ...sealed, custodian: scope.custodian, contentType })) {
    if (!piece.ok) throw new Error(piece.reason.type)
    hash.update(piece.value)
    look(piece.value)
    release(piece.value)
  }
  return hash.digest('hex')
}

/** Time, CPU and the highest resident memory from here on. */
function watch() {
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  let highest = 0
  const look = () => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }
  return {
    look,
    *passing(pieces: Iterable<Uint8Array>): Iterable<Uint8Array> {
      for (const piece of pieces) {
        look()
        yield piece
      }
    },
    end(size: number, before: { readonly rss: number }) {
      look()
      const seconds = (performance.now() - startedAt) / 1_000
      return { growth: (highest - before.rss) / mebibyte, rate: size / seconds, cpuRate: size / cpuSeconds(cpuBefore) }
    },
  }
}

/** Memory when nothing is left to collect. */
function settled(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage()
}

/** The same bytes each time, without holding them: whoever takes a piece is done with it when asking for the next. */
function* textOf(mebibytes: number): Iterable<Uint8Array> {
  const piece = new Uint8Array(pieceBytes)
  const view = new DataView(piece.buffer)
  for (let index = 0; index < mebibytes; index++) {
    for (let at = 0; at < pieceBytes; at += 4_096) view.setUint32(at, Math.imul(index + 1, 0x9e3779b1) + at)
    yield piece
  }
}

function* inPieces(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** Per second of CPU, all threads together: what one core does when nobody else wants it. */
async function rateOf(mebibytes: number, work: () => Promise<number>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  return mebibytes / cpuSeconds(before)
}

async function drained(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const piece of pieces) {
    length += piece.length
    release(piece)
  }
  return length
}

async function drainedResults(pieces: ReturnType<typeof openChunked>): Promise<number> {
  let length = 0
  for await (const piece of pieces) {
    if (!piece.ok) throw new Error(piece.reason.type)
    length += piece.value.length
    release(piece.value)
  }
  return length
}

async function gathered(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let at = 0
  for await (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

async function rangesPerSecond(sealed: Uint8Array): Promise<number> {
  const read = async (offset: number, length: number) => sealed.subarray(offset, offset + length)
  const reader = await openChunkedReader({ key, context, sealedLength: sealed.length, read })
  if (!reader.ok) throw new Error(reader.reason.type)
  const startedAt = performance.now()
  for (let index = 0; index < rangesMax; index++) {
    const from = (index * 7_919 * rangeBytes + 11) % (reader.value.length - rangeBytes)
    const range = await reader.value.range(from, from + rangeBytes)
    if (!range.ok) throw new Error(range.reason.type)
  }
  return rangesMax / ((performance.now() - startedAt) / 1_000)
}

/** The bound: the same cipher over one MiB a call, without a format around it. */
async function rawRates(mebibytes: number): Promise<{ readonly seal: number; readonly open: number }> {
  const text = new Uint8Array(mebibyte).fill(7)
  const [prepared, nonce] = [createSecretKey(key), new Uint8Array(12)]
  const cipher = () => createCipheriv('aes-256-gcm', prepared, nonce)
  const first = cipher()
  const sealed = first.update(text)
  first.final()
  const tag = first.getAuthTag()
  const repeat = async (work: () => void) =>
    rateOf(mebibytes, async () => {
      for (let done = 0; done < mebibytes; done++) work()
      return mebibytes
    })
  const seal = await repeat(() => {
    const one = cipher()
    release(one.update(text))
    one.final()
  })
  const open = await repeat(() => {
    const one = createDecipheriv('aes-256-gcm', prepared, nonce)
    one.setAuthTag(tag)
    release(one.update(sealed))
    one.final()
  })
  return { seal, open }
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`
const shown = ({ rss, external }: NodeJS.MemoryUsage) =>
  `${(rss / mebibyte).toFixed(0)} MiB resident (${(external / mebibyte).toFixed(0)} external)`
