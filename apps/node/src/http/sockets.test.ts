/** Sockets that nobody answers on, and sockets on which nothing happens. */
import { submitProtocol } from '@plexus/sdk'
import { type FastifyInstance, fastify } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { untilTurn } from './socket-pair.testing.ts'
import { createSockets, type Serve, type Sockets } from './sockets.ts'

let app: FastifyInstance
let sockets: Sockets
afterEach(() => app.close())

async function listen(serve: Serve): Promise<string> {
  sockets = createSockets(10)
  app = fastify({ logger: false })
  sockets.attach(app)
  app.addHook('preClose', () => sockets.close())
  app.get('/', (request, reply) => {
    const upgrade = { type: 'upgrade' as const, protocol: submitProtocol, serve }
    const refused = sockets.open(request.raw, 'hospital', upgrade, () => reply.hijack())
    if (refused) reply.code(400).send(refused.code)
    return reply
  })
  return (await app.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')
}

const closed = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.on('close', resolve))
const served = { owes: () => false, endsWhenIdle: true, ended: () => {} }

test('a socket on which nobody answers pings is ended', async () => {
  const address = await listen(() => ({ ...served, endsWhenIdle: false }))
  const socket = new WebSocket(address, [submitProtocol], { autoPong: false })
  expect(await closed(socket)).toBe(1006)
})

test('one that answers pings and sends nothing is closed as idle, where that has a meaning', async () => {
  const address = await listen(() => served)
  expect(await closed(new WebSocket(address, [submitProtocol]))).toBe(4408)
})

test('one that is owed an answer is neither', async () => {
  let owes = true
  let ended = false
  let opened = 0
  const address = await listen(() => {
    const first = opened++ === 0
    return { owes: () => first && owes, endsWhenIdle: true, ended: () => (ended ||= first) }
  })
  const silent = { autoPong: false }
  const owed = new WebSocket(address, [submitProtocol], silent)
  await new Promise((resolve) => owed.on('open', resolve))
  const code = closed(owed)
  expect(await closed(new WebSocket(address, [submitProtocol], silent))).toBe(1006)
  expect([owed.readyState, ended]).toEqual([WebSocket.OPEN, false])
  owes = false
  expect(await code).toBe(1006)
  await untilTurn(() => ended)
})

test('a server that ends tells those who are there', async () => {
  const address = await listen(() => served)
  const socket = new WebSocket(address, [submitProtocol])
  await new Promise((resolve) => socket.on('open', resolve))
  const code = closed(socket)
  await sockets.close()
  expect(await code).toBe(1001)
  expect(sockets.count('hospital')).toBe(0)
})
