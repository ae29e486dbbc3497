/** A newcomer asks members for a block to begin from: they agree, or one of them lies, or both. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { contracts, directory } from '@plexus/contracts'
import { publicKeyOf, systemRandom } from '@plexus/crypto'
import { type Chain, createMachine } from '@plexus/kernel'
import type { LightBlock } from '@plexus/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { layoutOf, makeFolders, secretOf } from './layout.ts'
import { chain, foundedBefore, minting, newest, startShowing, story } from './minted-members.testing.ts'
import { findBeginning, sayBeginningRefusal } from './network-begin.ts'
import { schedule } from './schedule.ts'

const week = 7 * 86_400

async function asked(
  shown: Readonly<Record<string, readonly LightBlock[]>>,
  { of = chain, known = true, after = 5 * newest }: { of?: Chain; known?: boolean; after?: number } = {},
) {
  const data = mkdtempSync(join(tmpdir(), 'plexus-begin-'))
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const layout = layoutOf(data, 'newcomer')
  makeFolders(layout)
  const key = toHex(publicKeyOf(secretOf(layout, 'transport', systemRandom)))
  const { addresses } = await startShowing(shown, { guests: new Map(known ? [[key, 'newcomer']] : []), of })
  const sources = [...addresses].map(([member, address]) => ({ type: 'member', member, address }) as const)
  const way = {
    layout,
    random: systemRandom,
    now: () => minting.start + after,
    schedule,
  }
  return findBeginning(of, sources, way, createMachine({ chain: of, contracts, directory }))
}

const honest = story()
const first = honest[0] as LightBlock
const hash = toHex(first.commit.block.hash)

test('what members agree about is followed from genesis, so that nobody but the founders is trusted', async () => {
  expect(await asked({ birch: honest, cedar: honest })).toEqual({
    ok: true,
    value: { height: 1, hash, believed: 'genesis' },
  })
})

test('in a network that is older than votes are believed, those who were asked are trusted, and it says so', async () => {
  const old = foundedBefore(week)
  const blocks = story(undefined, old)
  expect(await asked({ birch: blocks, cedar: blocks }, { of: old })).toMatchObject({ value: { believed: 'members' } })
  expect(await asked({ birch: blocks, cedar: blocks }, { of: old, after: week })).toMatchObject({
    reason: { type: 'block-too-old' },
  })
})

test('members that show different blocks raise an alarm, and give no block', async () => {
  const answer = await asked({ birch: honest, cedar: story(1) })
  expect(answer).toMatchObject({ ok: false, reason: { type: 'members-disagree', height: 1 } })
  if (!answer.ok) expect(sayBeginningRefusal(answer.reason)).toContain('ALARM')
})

test('a lie that both tell needs the votes for it, and the founders behind them', async () => {
  const unvoted = honest.map(({ header, validators }) =>
    minting.voted({ ...header, dataHash: new Uint8Array(32) }, validators, { voters: 'ann' }),
  )
  expect(await asked({ birch: unvoted, cedar: unvoted })).toMatchObject({ reason: { type: 'votes-do-not-hold' } })
  // Voted for by all, and not on the state that was founded.
  const other = story(1)
  expect(await asked({ birch: other, cedar: other })).toMatchObject({
    reason: { type: 'votes-do-not-hold', why: 'not-the-first-block' },
  })
})

test('whoever is not let in, or is shown nothing, is told at which member', async () => {
  expect(await asked({ birch: honest, cedar: honest }, { known: false })).toEqual({
    ok: false,
    reason: { type: 'not-reached', member: 'birch', why: 'not-let-in' },
  })
  expect(await asked({ birch: honest, cedar: [] })).toEqual({
    ok: false,
    reason: { type: 'block-not-shown', member: 'cedar', height: 1 },
  })
})
