/** The log of a member as a stranger reads it over HTTP, and what the doors do not let through. */
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { decode, utf8 } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { publicKeyOf, sha256, systemRandom } from '@plexus/crypto'
import { blockSummary } from '@plexus/kernel'
import {
  cosignNote,
  entriesPath,
  type NoteKey,
  openCheckpoint,
  openTiles,
  originOf,
  parseNoteKey,
  readEntries,
  readNote,
  tilePath,
  tilesForLeaf,
  writeNote,
  writeNoteKey,
} from '@plexus/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clinic, hospital, refused, startWorld, type World } from './world.testing.ts'

let world: World
let prefix: string
beforeAll(async () => {
  world = await startWorld()
  prefix = `${world.url}/v1/members/${hospital}/checkpoints`
  await grow()
})
afterAll(() => world.close())

/** One block more, under a checkpoint of the hospital's. */
async function grow(): Promise<number> {
  const { network } = world
  const answer = await network.submit(clinic, notary, { type: 'open-handles', handles: [systemRandom(32)] })
  if (!answer.ok) throw new Error('the handle was not opened')
  const node = network.node(hospital)
  await network.until(() => node.replica.height() >= answer.value.height, 10, 'the block')
  await node.checkpoints.publish()
  return node.checkpoints.newest?.size ?? 0
}

async function get(path: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${prefix}/${path}`, { headers })
  return { response, bytes: new Uint8Array(await response.arrayBuffer()) }
}

async function logKey(): Promise<NoteKey> {
  const key = parseNoteKey(new TextDecoder().decode((await get('vkey')).bytes).trim())
  if (!key) throw new Error('the log has no key')
  return key
}

test('a stranger with the log’s key proves each block from static files', async () => {
  const { network } = world
  const key = await logKey()
  expect(key.name).toBe(originOf({ chain: network.chain.id, member: hospital }))
  const opened = openCheckpoint((await get('checkpoint')).bytes, key)
  if (!opened.ok) throw new Error(opened.reason.type)
  const { size } = opened.value
  expect(size).toBeGreaterThanOrEqual(3)
  const ids = tilesForLeaf(0, size)
  const tiles = new Map<string, Uint8Array>()
  for (const path of ids.map(tilePath)) tiles.set(path, (await get(path)).bytes)
  const tree = openTiles(opened.value, ids, tiles)
  const bundle = (await get(entriesPath({ index: 0, width: size }))).bytes
  const entries = readEntries(bundle, tiles.get(tilePath({ level: 0, index: 0, width: size })) ?? new Uint8Array(0))
  if (!tree.ok || !entries.ok) throw new Error('tile or bundle is refused')
  for (const [index, entry] of entries.value.entries()) {
    expect(tree.value.holdsLeaf(index, entry)).toBe(true)
    expect(decode(blockSummary, entry)).toEqual({ ok: true, value: network.node(clinic).store.summary(index + 1) })
  }
})

test('files are named to caches: tiles for good, the checkpoint until it is asked for again', async () => {
  const size = await grow()
  const checkpoint = await get('checkpoint')
  expect(Object.fromEntries(checkpoint.response.headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  })
  const tile = await get(tilePath({ level: 0, index: 0, width: size }))
  expect(Object.fromEntries(tile.response.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'cache-control': 'public, max-age=31536000, immutable',
  })
  for (const { response } of [checkpoint, tile]) {
    const path = response.url.slice(prefix.length + 1)
    const again = await get(path, { 'if-none-match': response.headers.get('etag') ?? '' })
    expect([again.response.status, again.bytes.length]).toEqual([304, 0])
    expect((await get(path, { 'if-none-match': '"another"' })).response.status).toBe(200)
  }
})

test('what is not there is not found, and says nothing else', async () => {
  for (const path of ['witnessed', 'tile/0/000', 'tile/0/000.p/255', 'tile/6/x001/000', 'tile/entries/999'])
    expect([path, (await refused(`${prefix}/${path}`)).code]).toEqual([path, 'checkpoint-file-unknown'])
  for (const path of [
    'last-signed',
    'witnesses',
    'tile/7/000',
    'tile/00/000',
    'tile/0/0',
    'tile/0/000.p/256',
    'tile/0/',
  ])
    expect([path, (await refused(`${prefix}/${path}`)).code]).toEqual([path, 'request-not-understood'])
  expect((await refused(`${world.url}/v1/members/nobody/checkpoints/checkpoint`)).code).toBe('member-not-here')
})

test('no address reaches a file beside the log', async () => {
  writeFileSync(join(world.network.node(hospital).layout.checkpoints, '000'), 'beside the tiles')
  const paths = [
    '../keys/log.secret',
    '..%2fkeys%2flog.secret',
    'tile/0/../../../keys/log.secret',
    'tile/0/..%2f..%2f..%2fkeys%2flog.secret',
    'tile/../000',
    'tile/%2e%2e/000',
    'tile/0/%2e%2e/%2e%2e/000',
    'tile/0/....//000',
    'tile/0/000%00.p/1',
    'tile/0//000',
    'tile/entries/..\\..\\..\\keys\\log.secret',
    'tile/entries/x000/..%5c..%5clast-signed',
    `tile/0/${'x000/'.repeat(200)}000`,
  ]
  for (const path of paths) {
    const { status, body } = await raw(`/v1/members/${hospital}/checkpoints/${path}`)
    expect([path, status >= 400 && status < 500]).toEqual([path, true])
    expect(body).not.toContain('beside the tiles')
  }
})

/** A request as it is written, without the tidying of `fetch`. */
function raw(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const { hostname, port } = new URL(world.url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path }, (response) => {
      let body = ''
      response.setEncoding('latin1').on('data', (text) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('a witness’s cosignature is taken once it is configured, and served with the checkpoint', async () => {
  const seed = sha256(utf8('a witness'))
  const witness: NoteKey = { type: 'witness', name: 'witness.example/w1', publicKey: publicKeyOf(seed) }
  const size = await grow()
  const read = readNote((await get('checkpoint')).bytes)
  if (!read.ok) throw new Error(read.reason.type)
  const { text, signatures } = read.value
  const line = cosignNote(text, { name: witness.name, seed, time: 1_800_000_000 })
  const cosigned = writeNote({ text, signatures: [...signatures, line] })
  const post = (body: Uint8Array) => ({
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(body),
  })
  const to = `${prefix}/cosignatures`
  expect((await refused(to, post(cosigned))).code).toBe('cosignature-refused')
  const { layout } = world.network.node(hospital)
  writeFileSync(join(layout.checkpoints, 'witnesses'), `${writeNoteKey(witness)}\n`)
  const taken = await fetch(to, post(cosigned))
  expect([taken.status, await taken.json()]).toEqual([200, { size, witnesses: 1 }])
  for (const file of ['checkpoint', 'witnessed'])
    expect(openCheckpoint((await get(file)).bytes, await logKey(), [witness])).toMatchObject({
      value: { size, signatures: [{ type: 'log' }, { name: witness.name, time: 1_800_000_000 }] },
    })
  await grow()
  expect(openCheckpoint((await get('checkpoint')).bytes, await logKey(), [witness])).toMatchObject({
    value: { size: size + 1, signatures: [{ type: 'log' }] },
  })
  expect((await refused(to, post(cosigned.slice(0, 50)))).code).toBe('cosignature-malformed')
  expect((await refused(to, post(new Uint8Array(20_000)))).code).toBe('body-too-large')
})

test('metrics say how many blocks are signed for, and how old the newest of them is', async () => {
  const size = await grow()
  const text = await (await fetch(`${world.url}/metrics`)).text()
  expect(text).toContain(`plexus_checkpoint_blocks{member="${hospital}"} ${size}`)
  const age = new RegExp(`plexus_checkpoint_age_seconds{member="${hospital}"} (\\S+)`).exec(text)?.[1]
  expect(Number(age)).toBeLessThan(60)
})
