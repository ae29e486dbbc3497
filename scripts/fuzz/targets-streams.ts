/** Doors behind sockets, where one frame follows another, and the mailbox. */
import type { Journal, Surroundings } from '@plexus/exchange'
import { Chance } from './chance.ts'
import { reach } from './reach.ts'
import { accepted, answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'
import { samples } from './targets-schemas.ts'

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

export const streamTargets: readonly Target[] = [
  {
    name: 'sdk/stream-answer',
    reads: 'text frames of a submission stream, from a node: the client ends what it does not understand',
    covers: [
      'packages/sdk/src/submit-stream.ts#openSubmitStream',
      'packages/sdk/src/stream-frames.ts#readStreamMessages',
    ],
    async load() {
      const { openSubmitStream } = await import('@plexus/sdk')
      const welcome = { type: 'welcome', first: 1, windowEnvelopes: 4096, windowBytes: 65536, frameBytesMax: 1048576 }
      const refusal = {
        type: 'refused',
        through: 2,
        code: 'envelope-refused',
        refusal: 'kernel-7',
        height: null,
        retryAfterSeconds: null,
      }
      const frames = [
        [welcome],
        [{ type: 'applied', through: 1, height: 9 }],
        [{ type: 'applied', through: 1, height: 9 }, refusal],
      ]
      return {
        shape: 'json',
        seeds: frames.map((frame) => bytesOf(JSON.stringify(frame))),
        run(bytes) {
          let hear: (text: string) => void = () => {}
          let closed = 0
          const stream = openSubmitStream({
            connect(_path, _protocol, { message }) {
              hear = message
              return { send: () => {}, close: () => closed++ }
            },
            pause: () => Promise.resolve(),
          })
          hear(JSON.stringify([welcome]))
          const answers: unknown[] = []
          for (let index = 0; index < 3; index++) stream.submit(Uint8Array.of(index), (answer) => answers.push(answer))
          hear(Buffer.from(bytes).toString('utf8'))
          const open = stream.open()
          stream.close()
          if (answers.length !== 3 || closed !== 1) throw new Error('an envelope was not answered exactly once')
          return open ? accepted : refused('ended')
        },
      }
    },
  },
  {
    name: 'sdk/event-page',
    reads: 'text frames of the event feed, from a node: the client leaves one that is none, and comes back',
    covers: ['packages/sdk/src/submit-stream.ts#followEvents', 'packages/sdk/src/stream-frames.ts#readEventPage'],
    async load() {
      const { followEvents } = await import('@plexus/sdk')
      const events = [{ sequence: 1, height: 1, contract: 'notary', event: { type: 'batch-posted' } }]
      return {
        shape: 'json',
        seeds: [bytesOf(JSON.stringify({ events, next: 1 })), bytesOf('{"events":[],"next":0}')],
        run(bytes) {
          let hear: (text: string) => void = () => {}
          let closed = 0
          let pages = 0
          const stop = followEvents(
            {
              connect(_path, _protocol, { message }) {
                hear = message
                return { send: () => {}, close: () => closed++ }
              },
              pause: () => new Promise(() => {}),
            },
            {
              after: 0,
              page({ events: shown, next }) {
                if (!Array.isArray(shown) || !Number.isSafeInteger(next))
                  throw new Error('a page that is none was handed on')
                pages += 1
              },
            },
          )
          hear(Buffer.from(bytes).toString('utf8'))
          const left = closed > 0
          stop()
          if (left === pages > 0) throw new Error('a frame was neither a page nor the end')
          return pages > 0 ? accepted : refused('ended')
        },
      }
    },
  },
  {
    name: 'node/submit-frame',
    reads: 'binary frames of a submission stream, from whoever submits',
    covers: ['apps/node/src/http/submit-stream.ts#serveSubmitStream'],
    async load(seed) {
      const { envelopeBatch } = await import('@plexus/sdk')
      const serve = await reach<(connection: object, parts: object) => { counts(): { readonly envelopes: number } }>(
        'apps/node/src/http/submit-stream.ts',
        'serveSubmitStream',
      )
      return {
        shape: 'cbor',
        seeds: samples(envelopeBatch as Parameters<typeof samples>[0], 8, new Chance(seed)),
        run(bytes) {
          let hear: (data: Buffer, isBinary: boolean) => void = () => {}
          let code = 0
          const socket = {
            isPaused: false,
            send: () => {},
            on: (name: string, listener: typeof hear) => {
              if (name === 'message') hear = listener
            },
            close: (given: number) => {
              code = given
            },
            pause: () => {},
            resume: () => {},
          }
          const offer = () => new Promise(() => {})
          const served = serve({ socket, progressed: () => {} }, { first: 1, submissions: { offer } })
          hear(Buffer.from(bytes), true)
          if ((code === 0) !== served.counts().envelopes > 0) throw new Error('a frame was neither taken nor the end')
          return code === 0 ? accepted : refused(String(code))
        },
      }
    },
  },
  {
    name: 'exchange/mailbox',
    reads: 'a request for a mailbox, from whoever says that it is theirs',
    covers: ['packages/exchange/src/mailbox.ts#Mailboxes'],
    async load() {
      const { encode, utf8 } = await import('@plexus/codec')
      const { handleOf, publicKeyOf, sign, signedBytes } = await import('@plexus/crypto')
      const { mailboxRequest, signedMailboxRequest } = await import('@plexus/policy')
      const Mailboxes = await reach<
        new (parts: {
          readonly journal: Journal
          readonly surroundings: Surroundings
          readonly chain: Uint8Array
        }) => {
          fetch(request: Uint8Array): Parameters<typeof answerOf>[0]
        }
      >('packages/exchange/src/mailbox.ts', 'Mailboxes')
      const chain = utf8('a chain of thirty-two bytes long')
      const secret = new Uint8Array(32).fill(3)
      const own = { key: publicKeyOf(secret) }
      const content = { address: handleOf(own.key), after: 0, madeAt: 1000 }
      const signature = sign(secret, signedBytes('mailbox-request', chain, encode(mailboxRequest, content)))
      const boxes = new Mailboxes({
        journal: {
          get: () => undefined,
          entries: () => [],
          write: () => {},
          append: () => {},
          durable: () => undefined,
        },
        surroundings: { now: () => 1000, random: (length) => new Uint8Array(length), send: () => {} },
        chain,
      })
      return {
        shape: 'cbor',
        seeds: [encode(signedMailboxRequest, { content, signature: { ...own, signature } })],
        run: (bytes) => answerOf(boxes.fetch(bytes)),
      }
    },
  },
]
