/** Programs that submit whole envelopes and follow the feed, through the doors of a real network. */
import { encode, equalBytes, toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { readEnvelope, viewOf } from '@plexus/kernel'
import {
  batchEnvelopesMax,
  type EventPage,
  envelopeBatch,
  followEvents,
  frameBytesMax,
  openSubmitStream,
  type StreamAnswer,
  submitBatch,
  submitEnvelope,
  submitProtocol,
} from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket as ThirdPartySocket } from 'ws'
import { socketsPerMemberMax } from './sockets.ts'
import { openingEnvelope, portTo } from './submitting.testing.ts'
import { clinic, hospital, refused, startWorld, type World } from './world.testing.ts'

const cbor = 'application/cbor'
let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const base = (member = hospital) => `${world.url}/v1/members/${member}`
const token = (member = hospital) => world.tokens[member] ?? ''
const opening = (member = hospital) => openingEnvelope(world, member)
const port = (pauses: number[] = []) => portTo(base(), token(), pauses)
const broken = (envelope: Uint8Array) => envelope.with(envelope.length - 1, (envelope.at(-1) ?? 0) ^ 1)
const post = (path: string, body: Uint8Array, type = cbor, bearer = token()) => ({
  address: base() + path,
  init: { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': type }, token: bearer },
})
const refusedPost = (...given: Parameters<typeof post>) => {
  const { address, init } = post(...given)
  return refused(address, init)
}

describe('one envelope', () => {
  test('is answered with its place, where the replica has it byte for byte', async () => {
    const envelope = opening()
    const answer = await submitEnvelope(port(), envelope)
    if (!answer.ok) throw new Error(answer.reason.code)
    const { height, index } = answer.value
    const block = world.network.node(hospital).store.block(height)
    expect(equalBytes(block?.transactions[index] ?? new Uint8Array(0), envelope)).toBe(true)
  })

  test('sent again has the same place, and is not accepted twice', async () => {
    const envelope = opening()
    const first = await submitEnvelope(port(), envelope)
    expect(first.ok).toBe(true)
    expect(await submitEnvelope(port(), envelope)).toEqual(first)
  })

  test('is answered before the member takes its own turn on the block', async () => {
    const { exchange, replica } = world.network.node(hospital)
    const turnsAt: number[] = []
    const wake = exchange.wake.bind(exchange)
    const watched = vi.spyOn(exchange, 'wake').mockImplementation(() => {
      turnsAt.push(replica.height())
      return wake()
    })
    const answer = await world.network.submitEnvelope(hospital, opening())
    if (!answer.ok) throw new Error(answer.reason.type)
    const { height } = answer.value
    expect(turnsAt).not.toContain(height)
    await vi.waitFor(() => expect(turnsAt.at(-1)).toBeGreaterThanOrEqual(height))
    watched.mockRestore()
  })

  test('of another sponsor is carried by this node too: the envelope proves its own authority', async () => {
    expect((await submitEnvelope(port(), opening(clinic))).ok).toBe(true)
  })

  test('with a signature that does not hold is refused before a block', async () => {
    expect(await refusedPost('/ledger/transactions', broken(opening()))).toMatchObject({
      status: 409,
      code: 'envelope-refused',
      document: { refusal: 'signature-invalid' },
    })
  })

  test('that is none is refused without a word of it', async () => {
    expect(await refusedPost('/ledger/transactions', Uint8Array.of(1, 2, 3))).toMatchObject({
      status: 400,
      code: 'envelope-malformed',
    })
  })

  test('of another media type, without a token, with another member’s, or too large is refused', async () => {
    const path = '/ledger/transactions'
    expect((await refusedPost(path, opening(), 'application/octet-stream')).code).toBe('body-not-this-type')
    expect((await refusedPost(path, opening(), cbor, token(clinic))).code).toBe('token-wrong')
    expect((await refused(base() + path, { method: 'POST' })).code).toBe('token-missing')
    expect((await refusedPost(path, new Uint8Array(300_000))).code).toBe('body-too-large')
  })
})

describe('a batch', () => {
  test('answers each of its envelopes in order; a bad one refuses itself alone', async () => {
    const envelopes = [opening(), broken(opening()), Uint8Array.of(9), new Uint8Array(400_000), opening(clinic)]
    const answers = await submitBatch(port(), envelopes)
    expect(answers.map((answer) => (answer.ok ? 'applied' : (answer.reason.refusal ?? answer.reason.code)))).toEqual([
      'applied',
      'signature-invalid',
      'envelope-malformed',
      'envelope-malformed',
      'applied',
    ])
  })

  test('with one envelope twice gives both the one place', async () => {
    const envelope = opening()
    const [first, second] = await submitBatch(port(), [envelope, envelope])
    expect(first?.ok).toBe(true)
    expect(second).toEqual(first)
  })

  test('that is no list of byte strings, or too long a one, is refused whole, with the place', async () => {
    const path = '/ledger/transactions/batch'
    expect(await refusedPost(path, Uint8Array.of(0xa0))).toMatchObject({ status: 400, code: 'batch-malformed' })
    expect(await refusedPost(path, Uint8Array.of(0x81, 0x01))).toMatchObject({
      code: 'batch-malformed',
      document: { at: 'body.0' },
    })
    expect((await refusedPost(path, Uint8Array.of(0x80))).code).toBe('batch-malformed')
    const long = new Uint8Array(3 + batchEnvelopesMax + 1).fill(0x40)
    long.set([0x99, (batchEnvelopesMax + 1) >> 8, (batchEnvelopesMax + 1) & 0xff])
    expect((await refusedPost(path, long)).code).toBe('batch-malformed')
  })
})

describe('a full engine', () => {
  test('is answered 429 with Retry-After, and the client comes again until it is taken', async () => {
    const { network } = world
    const submit = network.submitEnvelope
    let full = 2
    network.submitEnvelope = (member, envelope) =>
      full-- > 0
        ? Promise.resolve({ ok: false, reason: { type: 'mempool-full', retryAfterSeconds: 3 } })
        : submit.call(network, member, envelope)
    const { address, init } = post('/ledger/transactions', opening())
    const response = await fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token()}` } })
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3'])
    expect(await response.json()).toMatchObject({ code: 'ledger-full', refusal: 'mempool-full', retryAfterSeconds: 3 })
    const pauses: number[] = []
    expect((await submitEnvelope(port(pauses), opening())).ok).toBe(true)
    expect(pauses).toEqual([3])
    network.submitEnvelope = submit
  })

  test('sends back the part of a batch that found no room, and the client sends that part alone again', async () => {
    const { network } = world
    const submit = network.submitEnvelope
    const seen: string[] = []
    network.submitEnvelope = (member, envelope) => {
      seen.push(toHex(envelope).slice(-16))
      return seen.length === 2
        ? Promise.resolve({ ok: false, reason: { type: 'mempool-full', retryAfterSeconds: 1 } })
        : submit.call(network, member, envelope)
    }
    const envelopes = [opening(), opening(), opening()]
    const answers = await submitBatch(port(), envelopes)
    network.submitEnvelope = submit
    expect(answers.every(({ ok }) => ok)).toBe(true)
    const tails = envelopes.map((envelope) => toHex(envelope).slice(-16))
    expect(seen).toEqual([...tails, tails[1]])
  })
})

describe('a stream', () => {
  test('answers every envelope in order, refusals in their place', async () => {
    const stream = openSubmitStream(port())
    await stream.room()
    const envelopes = Array.from({ length: 60 }, (_, index) => (index % 20 === 7 ? broken(opening()) : opening()))
    const order: number[] = []
    const answers = await Promise.all(
      envelopes.map(
        (envelope, index) =>
          new Promise<StreamAnswer>((resolve) => {
            const sent = stream.submit(envelope, (answer) => {
              order.push(index)
              resolve(answer)
            })
            if (!sent) throw new Error('the window is larger than that')
          }),
      ),
    )
    stream.close()
    expect(order).toEqual(envelopes.map((_, index) => index))
    for (const [index, answer] of answers.entries()) {
      if (index % 20 === 7) expect(answer).toMatchObject({ ok: false, reason: { refusal: 'signature-invalid' } })
      else expect(answer.ok).toBe(true)
    }
    const view = viewOf(notary, world.network.node(hospital).store)
    expect(notary.queries.handle(view, openedBy(envelopes[0]))?.status).toBe('open')
  })

  test('can be spoken by a program that has nothing of ours', async () => {
    const socket = new ThirdPartySocket(`${base().replace('http', 'ws')}/ledger/stream?first=41`, [submitProtocol], {
      headers: { authorization: `Bearer ${token()}` },
    })
    const texts: string[] = []
    let told = (): void => {}
    socket.on('message', (data) => {
      texts.push(String(data))
      told()
    })
    const until = async (ready: () => boolean): Promise<void> => {
      while (!ready())
        await new Promise<void>((resolve) => {
          told = resolve
        })
    }
    await until(() => texts.length > 0)
    expect(JSON.parse(texts[0] ?? '')).toMatchObject([{ type: 'welcome', first: 41 }])
    socket.send(encode(envelopeBatch, [opening(), opening()]))
    const last = () => (JSON.parse(texts.at(-1) ?? '[]') as { through?: number }[]).at(-1)?.through
    await until(() => last() === 42)
    expect(texts.slice(1).flatMap((text) => JSON.parse(text))).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'applied', through: 42 })]),
    )
    socket.close()
    await new Promise((resolve) => socket.on('close', resolve))
  })

  test.each([
    ['a text', '[]', 1003],
    ['what is no list of byte strings', Uint8Array.of(0xa0), 1007],
    ['more than a frame may hold', new Uint8Array(frameBytesMax + 1), 1009],
  ])('that brings %s is closed with a code', async (_, sent, code) => {
    const socket = new ThirdPartySocket(`${base().replace('http', 'ws')}/ledger/stream`, [submitProtocol], {
      headers: { authorization: `Bearer ${token()}` },
    })
    await new Promise((resolve) => socket.once('message', resolve))
    socket.send(sent)
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(code)
  })

  test('is not opened without a token, by another protocol, or by a plain request', async () => {
    const status = (protocols: readonly string[], headers: Record<string, string> = {}) =>
      new Promise((resolve) => {
        const socket = new ThirdPartySocket(`${base().replace('http', 'ws')}/ledger/stream`, [...protocols], {
          headers,
        })
        socket.on('unexpected-response', (_, response) => {
          resolve(response.statusCode)
          response.resume()
          socket.terminate()
        })
        socket.on('open', () => resolve(101))
        socket.on('error', () => {})
      })
    const authorization = `Bearer ${token()}`
    expect(await status([submitProtocol])).toBe(401)
    expect(await status([submitProtocol, `bearer.${token(clinic)}`])).toBe(401)
    expect(await status(['chat'], { authorization })).toBe(400)
    expect(await status([], { authorization })).toBe(400)
    expect((await refused(`${base()}/ledger/stream`, { token: token() })).code).toBe('upgrade-required')
    expect((await refused(`${base()}/ledger/stream?first=0`, { token: token() })).code).toBe('request-not-understood')
  })

  test('beyond those that one token may have open is told to come again', async () => {
    const held = Array.from({ length: socketsPerMemberMax }, () => openSubmitStream(port()))
    await Promise.all(held.map((stream) => stream.room()))
    expect(held.every((stream) => stream.open())).toBe(true)
    expect(await (await fetch(`${world.url}/metrics`)).text()).toContain(
      `plexus_streams_open{member="hospital"} ${socketsPerMemberMax}`,
    )
    const more = openSubmitStream(port())
    await more.room()
    expect(more.open()).toBe(false)
    for (const stream of held) stream.close()
  })
})

describe('the event feed', () => {
  test('brings every event once and in order, from a cursor, and goes on as blocks come', async () => {
    const pages: EventPage[] = []
    let told = (): void => {}
    const stop = followEvents(port(), {
      after: 2,
      page(page) {
        pages.push(page)
        told()
      },
    })
    const sequences = () => pages.flatMap(({ events }) => events.map(({ sequence }) => sequence))
    const until = async (sequence: number): Promise<void> => {
      while ((sequences().at(-1) ?? 0) < sequence)
        await new Promise<void>((resolve) => {
          told = resolve
        })
    }
    const { store } = world.network.node(hospital)
    const newest = () => store.events(0, 10_000).at(-1)?.sequence ?? 0
    await until(newest())
    expect((await submitEnvelope(port(), opening())).ok).toBe(true)
    await until(newest())
    stop()
    expect(sequences()).toEqual(Array.from({ length: newest() - 2 }, (_, index) => index + 3))
    const response = await fetch(`${base()}/ledger/events?after=2&limit=5`)
    const { events } = (await response.json()) as EventPage
    expect(pages.flatMap((page) => page.events).slice(0, 5)).toEqual(events)
  })
})

test('no envelope, token or sequence comes into the log', () => {
  const logged = world.logged()
  expect(logged).not.toContain(token())
  expect(logged).not.toContain('bearer.')
  expect(logged).toContain('/v1/members/:member/ledger/transactions')
})

/** The handle ends the transaction that opens it alone. */
function openedBy(envelope: Uint8Array | undefined): string {
  const read = readEnvelope(envelope ?? new Uint8Array(0))
  if (!read.ok) throw new Error('not an envelope')
  return toHex(read.value.body.transaction.subarray(-32))
}
