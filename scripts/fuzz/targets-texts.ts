/** Doors for texts: JSON, notes, checkpoints, names of tiles, keys, tokens, answers of an object store. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { reach } from './reach.ts'
import { scratchFolder } from './scratch-folder.ts'
import { accepted, acceptedAs, answerOf, refused, type Subject } from './subject.ts'
import type { Target } from './target.ts'

const checkpoint = 'packages/sdk/src/checkpoint'

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

/** JSON that a wallet, a chart or a person may hand in. */
const documents = [
  '{"resourceType":"Patient","id":"p1","birthDate":"1970-01-01","active":true,"multipleBirthInteger":2}',
  '{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]},"subject":{"reference":"Patient/p1"},"valueQuantity":{"value":1.50,"unit":"cm"}}',
  '{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","id":"p1"}}]}',
  '{"a":[1,-0.5e+10,"\\u00e9\\ud83d\\ude00",null,true,{"b":[]}]}',
] as const

/** A text in one written form: read, and written again where there is a writer. */
const written = <Value>(
  seeds: readonly string[],
  read: (text: string) => Value | undefined,
  write: (value: Value) => string,
): Subject => ({
  shape: 'text',
  seeds: seeds.map(bytesOf),
  run(bytes) {
    const text = Buffer.from(bytes).toString('utf8')
    const value = read(text)
    if (value === undefined) return refused('not read')
    // Texts are compared: bytes that are no UTF-8 are not this reader's matter.
    return write(value) === text ? accepted : acceptedAs(bytesOf(write(value)))
  },
})

interface Notes {
  readonly cosigned: readonly { readonly note: string; readonly text: string }[]
}
const vectorNotes = (): Notes =>
  JSON.parse(readFileSync(new URL('../../vectors/checkpoints/notes.json', import.meta.url), 'utf8')) as Notes

const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const origin = `plexus/v1/${'0f'.repeat(32)}/hospital-1`

export const textTargets: readonly Target[] = [
  {
    name: 'codec/json',
    reads: 'JSON, from charts and requests: every value is written and read again as the same',
    covers: ['packages/codec/src/json.ts#readJson'],
    async load() {
      const { equalBytes, readJson, toPlain, writeJson } = await import('@plexus/codec')
      return {
        shape: 'json',
        seeds: documents.map(bytesOf),
        run(bytes) {
          const read = readJson(bytes, { depthMax: 16 })
          if (!read.ok) return refused(`${read.reason.type} ${read.reason.expected}`)
          const once = writeJson(read.value.value)
          toPlain(read.value.value)
          const again = readJson(once, { depthMax: 16 })
          if (!again.ok || !equalBytes(writeJson(again.value.value), once))
            throw new Error('what was written reads otherwise')
          // An independent reader must take whatever the strict one takes.
          JSON.parse(Buffer.from(bytes).toString('utf8'))
          return accepted
        },
      }
    },
  },
  {
    name: 'codec/utf8',
    reads: 'UTF-8, inside everything: taken exactly where the platform’s strict decoder takes it',
    covers: ['packages/codec/src/bytes.ts#fromUtf8'],
    async load() {
      const { fromUtf8, utf8 } = await import('@plexus/codec')
      const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      const platformReads = (bytes: Uint8Array): string | undefined => {
        try {
          return strict.decode(bytes)
        } catch {
          return undefined
        }
      }
      return {
        shape: 'binary',
        seeds: ['aé€😀', '\ufeffa', ''].map(bytesOf),
        run(bytes) {
          const text = fromUtf8(bytes)
          if (platformReads(bytes) !== text) throw new Error('the platform reads it otherwise')
          return text === undefined ? refused('not UTF-8') : acceptedAs(utf8(text))
        },
      }
    },
  },
  {
    name: 'codec/hex',
    reads: 'hexadecimal, in paths and files',
    covers: ['packages/codec/src/bytes.ts#parseHex', 'packages/codec/src/bytes.ts#fromHex'],
    async load() {
      const { parseHex, toHex } = await import('@plexus/codec')
      return written(['', '00ff', 'AB'], parseHex, toHex)
    },
  },
  {
    name: 'codec/base64url',
    reads: 'base64url, in requests and files',
    covers: ['packages/codec/src/bytes.ts#parseBase64Url'],
    async load() {
      const { parseBase64Url, toBase64Url } = await import('@plexus/codec')
      return written(['', 'AA', 'AAA', '_-8'], parseBase64Url, toBase64Url)
    },
  },
  {
    name: 'sdk/base64',
    reads: 'base 64 with padding, in notes',
    covers: [`${checkpoint}/base64.ts#parseBase64`],
    async load() {
      const parse = await reach<(text: string) => Uint8Array | undefined>(`${checkpoint}/base64.ts`, 'parseBase64')
      const write = await reach<(bytes: Uint8Array) => string>(`${checkpoint}/base64.ts`, 'toBase64')
      return written(['', 'AA==', 'AAA=', 'AAAA'], parse, write)
    },
  },
  {
    name: 'sdk/note',
    reads: 'a signed note, from a log or a witness',
    covers: [
      `${checkpoint}/signed-note.ts#readNote`,
      `${checkpoint}/signed-note.ts#readSignatureLine`,
      `${checkpoint}/signed-note.ts#readKeyId`,
    ],
    async load() {
      const { readNote, writeNote } = await import('@plexus/sdk')
      return {
        shape: 'text',
        seeds: vectorNotes().cosigned.map(({ note }) => bytesOf(note)),
        run: (bytes) => answerOf(readNote(bytes), writeNote),
      }
    },
  },
  {
    name: 'sdk/checkpoint',
    reads: 'a checkpoint, from a log that a witness or an auditor follows',
    covers: [
      `${checkpoint}/checkpoint.ts#readCheckpoint`,
      `${checkpoint}/checkpoint.ts#openCheckpoint`,
      `${checkpoint}/note-keys.ts#verifyNote`,
      `${checkpoint}/note-keys.ts#readTime`,
    ],
    async load() {
      const { noteKeyOf, openCheckpoint, originOf, readCheckpoint, signNote, cosignNote, writeCheckpoint, writeNote } =
        await import('@plexus/sdk')
      const { fromUtf8 } = await import('@plexus/codec')
      const name = originOf({ chain: new Uint8Array(32).fill(15), member: 'hospital-1' })
      const seed = new Uint8Array(32).fill(7)
      const signed = writeCheckpoint({ origin: name, size: 1000, root: new Uint8Array(32).fill(1) })
      const witness = noteKeyOf('witness', { name: 'witness.example/w1', seed })
      const signatures = [
        signNote(signed, { name, seed }),
        cosignNote(signed, { name: witness.name, seed, time: 1_790_000_000 }),
      ]
      const log = noteKeyOf('log', { name, seed })
      return {
        shape: 'text',
        seeds: [
          ...[signatures, signatures.slice(0, 1)].map((these) => writeNote({ text: signed, signatures: these })),
          bytesOf(signed),
        ],
        run(bytes) {
          const text = fromUtf8(bytes)
          const whole = text === undefined ? undefined : readCheckpoint(text)
          if (whole?.ok) return acceptedAs(bytesOf(writeCheckpoint(whole.value)))
          return answerOf(openCheckpoint(bytes, log, [witness]), ({ note }) => writeNote(note))
        },
      }
    },
  },
  {
    name: 'sdk/note-key',
    reads: 'the key of a log or a witness, from a file or an address',
    covers: [`${checkpoint}/note-keys.ts#parseNoteKey`],
    async load() {
      const { noteKeyOf, parseNoteKey, writeNoteKey } = await import('@plexus/sdk')
      const own = writeNoteKey(noteKeyOf('witness', { name: 'witness.example/w1', seed: new Uint8Array(32).fill(7) }))
      return written([vkey, own], parseNoteKey, writeNoteKey)
    },
  },
  {
    name: 'sdk/origin',
    reads: 'the name of a log, in notes and names of files',
    covers: [`${checkpoint}/checkpoint.ts#readOrigin`],
    async load() {
      const { originOf, readOrigin } = await import('@plexus/sdk')
      return written([origin], readOrigin, originOf)
    },
  },
  {
    name: 'sdk/tile-path',
    reads: 'the path of a tile, from whoever asks for one',
    covers: [`${checkpoint}/tile-ids.ts#parsePlacePath`],
    async load() {
      const { parsePlacePath } = await import('@plexus/sdk')
      const write = await reach<(place: { readonly index: number; readonly width: number }) => string>(
        `${checkpoint}/tile-ids.ts`,
        'placePath',
      )
      return written(['000', 'x001/x234/067', 'x001/067.p/12'], parsePlacePath, write)
    },
  },
  {
    name: 'sdk/wallet-file',
    reads: 'a wallet’s file, from a disk or a person',
    covers: [
      'packages/sdk/src/wallet/wallet-file.ts#decodeWalletFile',
      'packages/sdk/src/wallet/state.ts#decodeWallet',
    ],
    async load() {
      const { createWallet, decodeWalletFile, encodeWallet, encodeWalletFile } = await import('@plexus/sdk')
      const { foundChain } = await import('@plexus/kernel')
      const chain = foundChain({
        name: 'fuzz',
        time: 1_790_000_000,
        engine: { type: 'local', sequencer: new Uint8Array(32) },
        founding: [],
      })
      const { state } = createWallet({ root: new Uint8Array(32), chain, random: (length) => new Uint8Array(length) })
      const file = { root: new Uint8Array(32), chain, state, taken: new Map([['hospital-1', 3]]) }
      return {
        shape: 'json',
        seeds: [bytesOf(encodeWalletFile(file))],
        run(bytes) {
          const read = decodeWalletFile(bytes)
          if (!read.ok) return refused(`${read.reason.part} ${read.reason.expected}`)
          const again = decodeWalletFile(bytesOf(encodeWalletFile(read.value)))
          if (!again.ok || Buffer.compare(encodeWallet(again.value.state), encodeWallet(read.value.state)) !== 0)
            throw new Error('what was written reads otherwise')
          return accepted
        },
      }
    },
  },
  {
    name: 'vault/s3-answer',
    reads: 'XML, from an object store',
    covers: ['packages/vault/src/s3-xml.ts#elements', 'packages/vault/src/s3-xml.ts#blocks'],
    async load() {
      const elements = await reach<(xml: string, name: string) => readonly string[]>(
        'packages/vault/src/s3-xml.ts',
        'elements',
      )
      const blocks = await reach<(xml: string, name: string) => readonly string[]>(
        'packages/vault/src/s3-xml.ts',
        'blocks',
      )
      const listing =
        '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b&#x41;</NextContinuationToken><Contents><Key>k1</Key><Size>12</Size></Contents></ListBucketResult>'
      return {
        shape: 'text',
        seeds: [listing, '<Error><Code>NoSuchKey</Code><Message>&lt;&#65;&gt;</Message></Error>'].map(bytesOf),
        run(bytes) {
          const xml = Buffer.from(bytes).toString('utf8')
          const found = [
            ...blocks(xml, 'Contents').flatMap((inside) => elements(inside, 'Key')),
            ...elements(xml, 'Code'),
          ]
          return found.length > 0 ? accepted : refused('nothing found')
        },
      }
    },
  },
  {
    name: 'fhir/resource',
    reads: 'a resource or a bundle of FHIR, from an import: read, validated and attributed',
    covers: ['packages/fhir/src/entries.ts#readBundle', 'packages/fhir/src/entries.ts#readResource'],
    async load() {
      const { loadDefinitions, readBundle, takeIn } = await import('@plexus/fhir')
      // Seconds, which belong to no input.
      loadDefinitions()
      return {
        shape: 'json',
        seeds: documents.map(bytesOf),
        run(bytes) {
          const read = readBundle(bytes)
          if (!read.ok) return refused(`${read.reason.type} ${read.reason.expected}`)
          const { read: count, attributed, refused: kept } = takeIn(read.value)
          if (attributed.length + kept.length !== count) throw new Error('an entry was lost')
          return kept[0] ? refused(`${kept[0].type} ${kept[0].expected}`) : accepted
        },
      }
    },
  },
  {
    name: 'fhir/lines',
    reads: 'NDJSON, from an import, in pieces of any size',
    covers: ['packages/fhir/src/lines.ts#readLines'],
    async load() {
      const { readLines } = await import('@plexus/fhir')
      async function* pieces(bytes: Uint8Array) {
        const size = 1 + (bytes.length % 7)
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      }
      return {
        shape: 'json',
        seeds: [bytesOf(documents.slice(0, 2).join('\n')), bytesOf('\n\r\n{"resourceType":"Patient"}\n')],
        async run(bytes) {
          const words: string[] = []
          for await (const { entries, refused: lines } of readLines(pieces(bytes), { bytesMax: 512 }))
            words.push(entries.length > 0 ? 'entries' : '', ...lines.map(({ type, expected }) => `${type} ${expected}`))
          return words.length > 0 && words.every((word) => word === 'entries')
            ? accepted
            : refused(words[0] ?? 'nothing')
        },
      }
    },
  },
  {
    name: 'fhir/packed',
    reads: 'a packed file of FHIR, from an import: unpacking stops at the limit',
    covers: ['packages/fhir/src/files.ts#readSampleFile'],
    async load() {
      const { readSampleFile } = await import('@plexus/fhir')
      const folder = scratchFolder()
      const endings = ['.json', '.ndjson', '.json.gz', '.ndjson.gz', '.json.zst', '.ndjson.zst']
      const packed = (at: number, text: string): Uint8Array => {
        const pack = at < 2 ? Buffer.from(text) : at < 4 ? gzipSync(text) : zstdCompressSync(text)
        return new Uint8Array([at, ...pack])
      }
      return {
        shape: 'binary',
        seeds: endings.flatMap((_, at) => [packed(at, documents[0]), packed(at, ' '.repeat(100_000))]),
        async run(bytes) {
          const ending = endings[(bytes[0] ?? 0) % endings.length]
          const path = join(folder, `chart${ending}`)
          writeFileSync(path, bytes.subarray(1))
          const words: string[] = []
          for await (const read of readSampleFile(path, { bytesMax: 4096 }))
            words.push(
              ...(read.ok ? read.value.refused : [read.reason]).map(({ type, expected }) => `${type} ${expected}`),
            )
          return words[0] === undefined ? accepted : refused(`${ending} ${words[0]}`)
        },
      }
    },
  },
]
