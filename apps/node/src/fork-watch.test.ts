/** Members that show each other headers over real connections, and one of them lies: with the votes for it, and without. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { publicKeyOf, systemRandom } from '@plexus/crypto'
import { writeLightQuestion } from '@plexus/engine'
import { ask } from '@plexus/peers'
import { checkForkEvidence, decodeKeptBlocks, type LightBlock } from '@plexus/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { ForkWatch } from './fork-watch.ts'
import { answering, chain, forkedAt, minting, newest, startShowing, story, wayOf } from './minted-members.testing.ts'
import { StandingForks } from './standing-forks.ts'

/** A watch at alder, which asks whoever is told here over TLS, each with a key of its own. */
async function watching(others: Readonly<Record<string, readonly LightBlock[]>>) {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-forks-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const seed = systemRandom(32)
  const guests = new Map([[toHex(publicKeyOf(seed)), 'alder']])
  const { addresses, holderOf } = await startShowing(others, { guests })
  const way = wayOf(seed, { holderOf, addressOf: (member) => addresses.get(member) })
  const at = { height: newest }
  const forks = new StandingForks(join(folder, 'forks'))
  const seen: string[] = []
  const watch = new ForkWatch({
    ...way,
    chain,
    forks,
    others: () => Object.keys(others),
    height: () => at.height,
    beginning: () => 0,
    own: answering(story()),
    ask: (member) => async (question) => {
      const answer = await ask(way, member, writeLightQuestion(question))
      return answer.ok ? answer.value : undefined
    },
    now: () => minting.start + 5 * newest + 5,
    observe: (what) => seen.push(what),
    onFailure(error) {
      throw error
    },
  })
  return { watch, forks, folder: join(folder, 'forks'), at, seen }
}

test('members that have the same blocks agree, one after another, and whoever shows nothing is passed over', async () => {
  const { watch, forks, seen } = await watching({ birch: story(), cedar: story(), elm: [] })
  expect([await watch.look(), await watch.look(), await watch.look(), await watch.look()]).toEqual([
    ...['agrees', 'agrees', 'silent', 'agrees'],
  ])
  expect(seen).toContain('headers-compared-agrees')
  expect(forks.stand).toBe(false)
})

test('a member that shows a block without the votes for it is told of, and stops nobody', async () => {
  const lie = story().map((block) => {
    if (block.header.height < forkedAt) return block
    const header = { ...block.header, appHash: new Uint8Array(32).fill(9) }
    return minting.voted(header, block.validators, { voters: 'ann' })
  })
  const { watch, forks, seen } = await watching({ birch: story(), liar: lie })
  expect([await watch.look(), await watch.look()]).toEqual(['agrees', 'contradicts'])
  expect([seen.at(-1), forks.stand]).toEqual(['headers-compared-contradicts', false])
})

test('two blocks that both have their votes are a fork: it stands through a restart, and its evidence convinces anybody', async () => {
  const { watch, forks, folder, at } = await watching({ birch: story(), cedar: story(forkedAt) })
  at.height = forkedAt
  expect([await watch.look(), await watch.look()]).toEqual(['agrees', 'agrees'])
  expect(forks.stand).toBe(false)
  at.height = newest
  expect([await watch.look(), await watch.look()]).toEqual(['agrees', 'fork'])
  expect([forks.stand, forks.count]).toEqual([true, 1])

  const [file = ''] = readdirSync(folder)
  expect(file).toMatch(/^fork-\d+-cedar\.evidence$/)
  const read = decodeKeptBlocks(new Uint8Array(readFileSync(join(folder, file))))
  if (!read.ok || read.value.type !== 'fork') throw new Error('the evidence does not read')
  const checked = await checkForkEvidence(chain, read.value)
  expect(checked).toMatchObject({ ok: true, value: { power: 40n, powerOfAll: 40n } })

  // A node that starts anew stops at once; the operator ends it, when the members have decided.
  expect(new StandingForks(folder).stand).toBe(true)
  renameSync(folder, `${folder}-decided`)
  expect(await watch.look()).toBe('agrees')
  expect(forks.stand).toBe(false)
})

test('a fork that is met without any block before it in common is followed from the own ledger', async () => {
  const { watch, forks } = await watching({ cedar: story(forkedAt) })
  expect(await watch.look()).toBe('fork')
  expect(forks.stand).toBe(true)
})
