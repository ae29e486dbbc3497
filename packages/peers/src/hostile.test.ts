/** Whoever comes as no member does, over real sockets. */

import { X509Certificate } from 'node:crypto'
import { connect as http2Connect } from 'node:http2'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { systemRandom } from '@plexus/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { credentialsOf, tlsTerms } from './certificate.ts'
import { hexOf, Ledger, type Node, note } from './ledger.testing.ts'
import { connectionsPerMemberMax, noteBytesMax } from './limits.ts'
import { probe } from './probe.ts'

const ended = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => {})
    socket.once('close', () => resolve())
    socket.resume()
  })

function opened(node: Node, seed: Uint8Array, more: object = {}): TLSSocket {
  const socket = tlsConnect({
    host: '127.0.0.1',
    port: node.peers.port ?? 0,
    ...credentialsOf(seed, systemRandom),
    ...tlsTerms,
    ...more,
  })
  onTestFinished(() => void socket.destroy())
  return socket
}

const shaken = (socket: TLSSocket): Promise<void> => new Promise((resolve) => socket.once('secureConnect', resolve))

/** One request of a member that does as it likes; the status of the answer, or the code of the reset. */
function asked(socket: TLSSocket, headers: Record<string, string | number>, body: Uint8Array | null): Promise<unknown> {
  const http = http2Connect('https://peer', { createConnection: () => socket })
  http.on('error', () => {})
  return new Promise((resolve) => {
    const stream = http.request(headers, { endStream: false })
    stream.on('response', (answer) => resolve(answer[':status']))
    stream.on('error', () => {})
    stream.on('close', () => resolve(`closed ${stream.rstCode}`))
    if (body) stream.end(body)
  })
}

test('a certificate is one that OpenSSL reads, signed by the key in it, which is the seed’s', () => {
  const seed = systemRandom(32)
  const { cert, publicKey } = credentialsOf(seed, systemRandom)
  const read = new X509Certificate(cert)
  expect(read.verify(read.publicKey)).toBe(true)
  expect(read.publicKey.export({ format: 'jwk' }).x).toBe(Buffer.from(publicKey, 'hex').toString('base64url'))
  expect(publicKey).toBe(hexOf(seed))
})

test('nobody comes in over TLS 1.2, in plain text, or without a certificate', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch')
  await ended(opened(birch, ledger.key('alder'), { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }))
  const plain = netConnect({ host: '127.0.0.1', port: birch.peers.port ?? 0 })
  plain.write('POST /notes HTTP/1.1\r\nhost: birch\r\ncontent-length: 3\r\n\r\none')
  await ended(plain)
  await ended(opened(birch, ledger.key('alder'), { cert: undefined, key: undefined }))
  expect(birch.events.filter(({ type }) => type === 'turned-away')).toHaveLength(3)
  expect(birch.events.some(({ type }) => type === 'connected')).toBe(false)
})

test('what is recorded today is not read in years: both sides agree on a hybrid group (T-27)', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch')
  const socket = opened(birch, ledger.key('alder'))
  await shaken(socket)
  expect([socket.getProtocol(), socket.getEphemeralKeyInfo()]).toMatchObject(['TLSv1.3', { name: 'X25519MLKEM768' }])
})

test('no connection goes on from an earlier one: the key is shown each time', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch')
  const seed = ledger.key('alder')
  const first = opened(birch, seed)
  const ticket = new Promise<Buffer>((resolve) => void first.once('session', resolve))
  expect(await asked(first, { ':method': 'GET', ':path': '/status' }, null)).toBe(200)
  const second = opened(birch, seed, { session: await ticket })
  await shaken(second)
  expect(second.isSessionReused()).toBe(false)
})

test('whoever connects and says nothing, or its hello byte by byte, is closed after the time for a handshake', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch', { timing: { handshake: 150 } })
  const silent = netConnect({ host: '127.0.0.1', port: birch.peers.port ?? 0 })
  const slow = netConnect({ host: '127.0.0.1', port: birch.peers.port ?? 0 })
  const hello = [0x16, 0x03, 0x01, 0x01, 0x00, 0x01]
  const drip = setInterval(() => slow.write(Uint8Array.of(hello.shift() ?? 0)), 40)
  onTestFinished(() => clearInterval(drip))
  slow.on('error', () => {})
  await Promise.all([ended(silent), ended(slow)])
  expect(birch.events.filter(({ type }) => type === 'turned-away')).toHaveLength(2)
})

test('a member’s note that comes too slowly is broken off, and the room for it is free again', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch', { timing: { idle: 150 } })
  const socket = opened(birch, ledger.key('alder'))
  const http = http2Connect('https://peer', { createConnection: () => socket })
  http.on('error', () => {})
  // Room for two of the largest, and not for a third.
  for (let turn = 1; turn <= 3; turn++) {
    const stream = http.request({ ':method': 'POST', ':path': '/notes', 'content-length': noteBytesMax })
    stream.on('error', () => {})
    stream.write('x')
    await birch.until(() => birch.received('broken-off') === turn)
  }
  expect(birch.received('over-quota')).toBe(0)
})

test('a member’s note that comes byte by byte is broken off as well', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch', { timing: { idle: 200 } })
  const http = http2Connect('https://peer', { createConnection: () => opened(birch, ledger.key('alder')) })
  http.on('error', () => {})
  const stream = http.request({ ':method': 'POST', ':path': '/notes', 'content-length': 64 })
  stream.on('error', () => {})
  const drip = setInterval(() => void (!stream.destroyed && stream.write('x')), 40)
  onTestFinished(() => clearInterval(drip))
  await birch.until(() => birch.received('broken-off') === 1)
  expect(birch.notes).toEqual([])
})

test('a note that is larger than any, has no length, or lies about it, is refused', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch')
  const seed = ledger.key('alder')
  const post = { ':method': 'POST', ':path': '/notes' }
  expect(await asked(opened(birch, seed), { ...post, 'content-length': noteBytesMax + 1 }, null)).toBe(413)
  expect(await asked(opened(birch, seed), post, note('one'))).toBe(400)
  expect(await asked(opened(birch, seed), { ...post, ':path': '/records' }, note('one'))).toBe(400)
  expect(await asked(opened(birch, seed), { ...post, 'content-length': 2 }, note('three'))).not.toBe(202)
  expect(await asked(opened(birch, seed), { ...post, 'content-length': 9 }, note('three'))).not.toBe(202)
  expect(birch.notes).toEqual([])
})

test('whatever a member asks counts towards its quota, and that of others is their own', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch')
  const http = http2Connect('https://peer', { createConnection: () => opened(birch, ledger.key('alder')) })
  http.on('error', () => {})
  const seen = new Set<number>()
  for (let round = 0; round < 200 && !seen.has(429); round++)
    await Promise.all(
      Array.from({ length: 10 }, () => {
        const stream = http.request({ ':method': 'GET', ':path': '/records' }).on('error', () => {})
        stream.on('response', ({ ':status': status }) => void seen.add(Number(status)))
        return new Promise((resolve) => stream.on('close', resolve).resume())
      }),
    )
  expect([...seen].sort()).toEqual([400, 429])
  const cedar = await ledger.node('cedar')
  cedar.peers.send('birch', note('a ward'))
  await cedar.until(() => cedar.sent('delivered') === 1)
})

test('of the connections of one member the oldest is closed when there are too many', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch')
  const seed = ledger.key('alder')
  const [first, ...others] = Array.from({ length: connectionsPerMemberMax + 1 }, () => () => opened(birch, seed))
  const oldest = first?.()
  if (!oldest) throw new Error('there is a first one')
  await shaken(oldest)
  await birch.until(() => birch.peers.guests === 1)
  const closed = ended(oldest)
  for (const open of others) await shaken(open())
  await closed
  await birch.until(() => birch.peers.guests === connectionsPerMemberMax)
})

test('a connection whose other end vanished without a word is found out and left', async () => {
  const ledger = new Ledger()
  const birch = await ledger.node('birch')
  const { server, port, cut } = await passage(birch.peers.port ?? 0)
  onTestFinished(() => void server.close())
  const alder = await ledger.node('alder', { timing: { ping: 80, answer: 60_000, idle: 60_000 } })
  ledger.addresses.set('birch', `plexus://127.0.0.1:${port}`)
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.sent('delivered') === 1)
  cut()
  alder.peers.send('birch', note('two'))
  await alder.until(() => alder.events.some(({ type }) => type === 'disconnected'))
  await alder.until(() => alder.sent('delivered') === 2)
  expect(birch.notes.at(-1)?.text).toBe('two')
})

test('a probe says where the way to a member ends', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  const birch = await ledger.node('birch')
  const refusal = async (address: string | undefined): Promise<string> => {
    if (address === undefined) ledger.addresses.delete('cedar')
    else ledger.addresses.set('cedar', address)
    const probed = await probe({ ...alder.options, timing: { connect: 400, idle: 400 } }, 'cedar')
    return probed.ok ? 'well' : probed.reason.type
  }
  expect(await refusal(undefined)).toBe('member-unknown')
  expect(await refusal('https://cedar.example')).toBe('address-malformed')
  expect(await refusal('local:')).toBe('address-local')
  expect(await refusal('plexus://127.0.0.1:1')).toBe('unreachable')
  expect(await refusal(ledger.addresses.get('birch'))).toBe('other-key')
  const plain = createServer((socket) => void socket.end('220 another service\r\n'))
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void plain.close())
  expect(await refusal(`plexus://127.0.0.1:${(plain.address() as { port: number }).port}`)).toBe('handshake-failed')

  const well = await probe(alder.options, 'birch')
  expect(well).toMatchObject({ ok: true, value: { status: { member: 'birch', height: 7 } } })
  ledger.keys.delete(hexOf(alder.options.seed()))
  expect(await probe(alder.options, 'birch')).toMatchObject({ ok: false, reason: { type: 'not-let-in' } })
  expect(birch.notes).toEqual([])
})

/** A way in between that can go dead: bytes of the connections that it has go nowhere from then on, in silence. */
async function passage(to: number): Promise<{ server: Server; port: number; cut: () => void }> {
  let dead: { is: boolean } = { is: false }
  const server = createServer((near) => {
    const mine = dead
    const far = netConnect({ host: '127.0.0.1', port: to })
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => {})
      from.on('data', (chunk) => void (!mine.is && into.write(chunk)))
      from.on('close', () => !mine.is && into.destroy())
    }
    onTestFinished(() => {
      near.destroy()
      far.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    port: (server.address() as { port: number }).port,
    cut() {
      dead.is = true
      dead = { is: false }
    },
  }
}
