/** T-36: no nonce is used twice under one key, where a node seals what it keeps. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemberNode } from '../src/member-node.ts'
import { clinic, World } from './world.testing.ts'

const nonceBytes = 12
const values = 4_000

let world: World
const data = mkdtempSync(join(tmpdir(), 'plexus-nonces-'))
beforeAll(async () => {
  world = await World.start({ members: ['hospital-1'] })
})
afterAll(async () => {
  await world.close()
  rmSync(data, { recursive: true, force: true })
})

test('T-36: each value of a journal is sealed under a nonce that was drawn for it alone, the same value written again too', () => {
  const nonces: string[] = []
  const random = (length: number): Uint8Array => {
    const drawn = systemRandom(length)
    if (length === nonceBytes) nonces.push(toHex(drawn))
    return drawn
  }
  const opened = MemberNode.open({
    chain: world.network.chain,
    data,
    member: clinic,
    random,
    now: () => Date.now() / 1000,
    send: () => {},
    schedule: () => () => {},
    onFailure: () => {},
  })
  if (!opened.ok) throw new Error(opened.reason.type)
  const { journal } = opened.value
  const before = nonces.length
  const value = new Uint8Array(64)
  for (let at = 0; at < values; at += 100)
    journal.write(Array.from({ length: 100 }, (_, each) => ({ table: 'test', key: `${(at + each) % 50}`, value })))
  expect(journal.get('test', '7')).toEqual(value)
  opened.value.close()
  expect(nonces.length - before).toBe(values)
  expect(new Set(nonces).size).toBe(nonces.length)
})
