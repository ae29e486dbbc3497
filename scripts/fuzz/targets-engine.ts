/** Doors to the engine that runs beside a node: what it asks, and what it answers. */
import { reach } from './reach.ts'
import { accepted, acceptedAs, refused } from './subject.ts'
import type { Target } from './target.ts'

const folder = 'packages/engine/src/cometbft'
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

type Read<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: { readonly type: string } }

export const engineTargets: readonly Target[] = [
  {
    name: 'engine/abci',
    reads: 'messages on a socket, from the engine or whatever else connects: a frame each, then its content',
    covers: [`${folder}/frames.ts#FrameReader`, `${folder}/messages.ts#readRequest`],
    async load() {
      interface Reader {
        push(chunk: Uint8Array): Read<readonly Uint8Array[]>
      }
      const FrameReader = await reach<new (max: number) => Reader>(`${folder}/frames.ts`, 'FrameReader')
      const frame = await reach<(message: Uint8Array) => Uint8Array>(`${folder}/frames.ts`, 'frame')
      const readRequest = await reach<(message: Uint8Array) => Read<{ readonly type: string }>>(
        `${folder}/messages.ts`,
        'readRequest',
      )
      // By hand, in protobuf: echo "a", flush, info, check of two bytes, a block of height 5 with one transaction.
      const messages = [
        [0x0a, 0x03, 0x0a, 0x01, 0x61],
        [0x12, 0x00],
        [0x1a, 0x07, 0x22, 0x05, 0x32, 0x2e, 0x30, 0x2e, 0x30],
        [0x42, 0x04, 0x0a, 0x02, 0x07, 0x08],
        [0xa2, 0x01, 0x05, 0x0a, 0x01, 0x09, 0x28, 0x05],
        [0xaa, 0x01, 0x00],
      ].map((message) => frame(Uint8Array.from(message)))
      return {
        shape: 'binary',
        seeds: [...messages, new Uint8Array(Buffer.concat(messages))],
        run(bytes) {
          const reader = new FrameReader(4_096)
          const half = bytes.length >> 1
          const kinds: string[] = []
          for (const piece of [bytes.subarray(0, half), bytes.subarray(half)]) {
            const frames = reader.push(piece)
            if (!frames.ok) return refused(frames.reason.type)
            for (const message of frames.value) {
              const request = readRequest(message)
              if (!request.ok) return refused(request.reason.type)
              kinds.push(request.value.type)
            }
          }
          return kinds.length > 0 ? accepted : refused('nothing whole')
        },
      }
    },
  },
  {
    name: 'engine/address',
    reads: 'where the engine of another member is reached, from the ledger: one way to write each',
    covers: [`${folder}/engine-address.ts#readEngineAddress`],
    async load() {
      const { readEngineAddress, writeEngineAddress } = await import('@plexus/engine')
      const id = '0123456789abcdef0123456789abcdef01234567'
      return {
        shape: 'text',
        seeds: ['hospital-1.example:26656', '[2001:db8::1]:1', '10.0.0.1:65535'].map((at) => bytesOf(`${id}@${at}`)),
        run(bytes) {
          const text = Buffer.from(bytes).toString('utf8')
          const read = readEngineAddress(text)
          if (!read.ok) return refused(read.reason.type)
          return writeEngineAddress(read.value) === text
            ? accepted
            : acceptedAs(bytesOf(writeEngineAddress(read.value)))
        },
      }
    },
  },
  {
    name: 'engine/rpc',
    reads: 'what the engine answers about envelopes and about itself: whatever is unknown counts as unreachable',
    covers: ['readBroadcastAnswers', 'isAbreast', 'peersIn'].map((name) => `${folder}/engine-rpc.ts#${name}`),
    async load() {
      type Answers = readonly { readonly type: string }[]
      const file = `${folder}/engine-rpc.ts`
      const read = await reach<(source: Uint8Array, count: number) => Answers>(file, 'readBroadcastAnswers')
      const isAbreast = await reach<(source: Uint8Array) => boolean>(file, 'isAbreast')
      const peersIn = await reach<(source: Uint8Array) => readonly string[]>(file, 'peersIn')
      return {
        shape: 'json',
        seeds: [
          bytesOf('[{"jsonrpc":"2.0","id":1,"result":{"code":5}},{"id":0,"result":{"code":0}}]'),
          bytesOf('{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"data":"tx already exists in cache"}}'),
          bytesOf('{"id":0,"result":{"sync_info":{"catching_up":false}}}'),
          bytesOf('{"id":0,"result":{"peers":[{"node_info":{"id":"ab"}}]}}'),
        ],
        run(bytes) {
          const answers = read(bytes, 2)
          if (answers.length !== 2) throw new Error('an envelope without an answer')
          const known = answers.filter(({ type }) => type !== 'unreachable').map(({ type }) => type)
          return isAbreast(bytes) || known.length + peersIn(bytes).length > 0 ? accepted : refused('unknown')
        },
      }
    },
  },
  {
    name: 'engine/light-question',
    reads: 'what a light client asks, of another member and over HTTP: three questions that read, and no other',
    covers: [
      ...['readLightQuestion', 'lightQuestionIn'].map((name) => `${folder}/light-questions.ts#${name}`),
      // Puts what this one reads to a member.
      'apps/node/src/header-sources.ts#openRelay',
    ],
    async load() {
      const { lightBodyOf, lightQuestionIn, readLightQuestion, writeLightQuestion } = await import('@plexus/engine')
      const question = { method: 'validators', height: 12, id: 3 } as const
      return {
        shape: 'cbor',
        seeds: [
          writeLightQuestion(question),
          writeLightQuestion({ method: 'commit', height: null, id: 0 }),
          bytesOf(lightBodyOf(question)),
        ],
        run(bytes) {
          const asked = lightQuestionIn(bytes)
          if (asked)
            return readLightQuestion(writeLightQuestion(asked)).ok ? accepted : refused('asked, and not written')
          const read = readLightQuestion(bytes)
          return read.ok ? acceptedAs(writeLightQuestion(read.value)) : refused(read.reason.type)
        },
      }
    },
  },
]
