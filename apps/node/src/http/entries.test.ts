/** Entries of the state with their proofs, to whoever has no replica: here, whether software may be installed. */
import { encode, parseBase64Url } from '@plexus/codec'
import { type ReleasesTransaction, releases } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import { headerHolds, readSignedHeader, sealEnvelope, sequencerKeyOf } from '@plexus/kernel'
import { checkSoftware, type HttpDoor, type Software, softwareEntries, stateSource, submitEnvelope } from '@plexus/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { portTo } from './submitting.testing.ts'
import { board, clinic, hospital, startWorld, type World } from './world.testing.ts'

const software: Software = { digest: new Uint8Array(32).fill(7), channel: 'stable' }
const reviewers = [clinic, board]

let world: World
let door: HttpDoor

beforeAll(async () => {
  world = await startWorld()
  const json = async (path: string) => {
    const response = await fetch(world.url + path)
    const body = (await response.json()) as { readonly code?: string }
    return response.ok ? { ok: true, value: body } : { ok: false, reason: { type: body.code } }
  }
  door = {
    json,
    must: () => Promise.reject(new Error('not asked')),
    ask: () => Promise.reject(new Error('not asked')),
  } as HttpDoor
  const opening = { type: 'open-line', line: 'plexus-node', kind: 'package', reviewers, threshold: 2 } as const
  await say(opening, hospital, ...reviewers)
  const version = { major: 1, minor: 4, patch: 0 }
  await say({ type: 'announce', line: 'plexus-node', version, size: 1_000, activeFrom: 0, ...software }, hospital)
})
afterAll(() => world.close())

/** The first of them sponsors. */
async function say(transaction: ReleasesTransaction, ...by: readonly [string, ...string[]]): Promise<void> {
  const [sponsor] = by
  const envelope = sealEnvelope(
    {
      chain: world.network.chain.id,
      sponsor,
      nonce: systemRandom(16),
      validUntil: Math.floor(Date.now() / 1000) + 300,
      contract: releases.name,
      transaction: encode(releases.transaction, transaction),
    },
    by.map((member) => world.network.node(member).seed),
  )
  const port = portTo(`${world.url}/v1/members/${sponsor}`, world.tokens[sponsor] ?? '')
  expect(await submitEnvelope(port, envelope)).toMatchObject({ ok: true })
}

/** As somebody does who has the genesis document and one member's address. */
async function standing(of: Software, height?: number) {
  const entry = stateSource(door, hospital)
  const keys = softwareEntries(of)
  const build = await entry(keys.build, height)
  if (!build.ok) return build.reason.type
  const release = await entry(keys.release, build.value.height)
  if (!release.ok) return release.reason.type
  const answer = await fetch(`${world.url}/v1/members/${hospital}/ledger/headers/${build.value.height}`)
  const signed = readSignedHeader(
    parseBase64Url(((await answer.json()) as { readonly bytes: string }).bytes) ?? new Uint8Array(0),
  )
  const key = sequencerKeyOf(world.network.chain)
  if (!signed.ok || !key || !headerHolds(signed.value, key)) throw new Error('the header is not one of this chain')
  const { header } = signed.value
  const checked = checkSoftware(
    header,
    { build: build.value, release: release.value },
    { ...of, height: header.height - 1 },
  )
  return checked.ok ? checked.value : checked.reason.type
}

test('software is shown to be active once its reviewers approved it, under a header that the engine’s key signed', async () => {
  for (const reviewer of reviewers) await say({ type: 'approve', ...software }, reviewer)
  // The newest header shows the state before its block: two more blocks, and the one after the approval is in it.
  for (const line of ['plexus-pages', 'plexus-tools'])
    await say({ type: 'open-line', line, kind: 'pages', reviewers: [clinic], threshold: 1 }, hospital, clinic)
  expect(await standing(software)).toBe('active')
  expect(await standing({ ...software, channel: 'candidate' })).toBe('unknown')
})

test('a block that is not there has no state, and a key that is none is not understood', async () => {
  expect(await standing(software, 999_999)).toBe('block-unknown')
  expect(await standing(software, 0)).toBe('block-unknown')
  expect(await stateSource(door, hospital)('releases/builds')).toMatchObject({
    ok: false,
    reason: { type: 'request-not-understood' },
  })
})
