import { encode, toHex, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { pageBundle } from '@plexus/policy'
import { verifyPageManifest } from '@plexus/sdk'
import { beforeEach, describe, expect, test } from 'vitest'
import { clinic, hospital } from './founding.testing.ts'
import { World } from './world.testing.ts'

const bundleOf = (text: string): Uint8Array =>
  encode(pageBundle, { files: [{ path: 'index.html', sha256: sha256(utf8(text)), bytes: text.length }] })

let world: World
beforeEach(async () => {
  world = await World.start()
})

/** Commits, and lets a block and a turn pass. */
async function published(member: string, manifest: Uint8Array): Promise<Uint8Array> {
  const exchange = world.exchange(member)
  await exchange.run(({ pages }) => pages.publish(manifest))
  world.block()
  await exchange.wake()
  const proof = exchange.pages.proof(sha256(manifest))
  if (!proof) throw new Error('the manifest was not shown')
  return proof
}

describe('the pages of a member', () => {
  test('are a leaf of its batch, which anybody can check from the genesis document', async () => {
    const manifest = bundleOf('first')
    expect(world.exchange(clinic).pages.proof(sha256(manifest))).toBeUndefined()
    const shown = verifyPageManifest(world.chain, await published(clinic, manifest))
    expect(shown).toMatchObject({ ok: true, value: { member: clinic, bundle: sha256(manifest) } })
  })

  test('are committed to once, whoever publishes them again', async () => {
    const manifest = bundleOf('once')
    const proof = await published(clinic, manifest)
    const { batches } = world.exchange(clinic)
    await world.exchange(clinic).run(({ pages }) => pages.publish(manifest))
    expect(batches.waiting.leaves).toBe(0)
    expect(world.exchange(clinic).pages.proof(sha256(manifest))).toEqual(proof)
  })

  test('of one member are not those of another, and each proof is for one bundle', async () => {
    const [one, two] = [bundleOf('one'), bundleOf('two')]
    const shown = [await published(clinic, one), await published(hospital, two)].map((proof) =>
      verifyPageManifest(world.chain, proof),
    )
    expect(shown.map((each) => each.ok && [each.value.member, toHex(each.value.bundle)])).toEqual([
      [clinic, toHex(sha256(one))],
      [hospital, toHex(sha256(two))],
    ])
  })

  test('are refused where a byte of the proof is another', async () => {
    const proof = await published(clinic, bundleOf('whole'))
    const step = 97
    for (let at = 0; at < proof.length; at += step) {
      const changed = proof.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect([at, verifyPageManifest(world.chain, changed).ok]).toEqual([at, false])
    }
  })
})
