/**
 * T-06 of the threat model: whoever has the key that orders blocks rewrites history, or shows two of them. Real networks
 * with one founding, and so with the same keys, go different ways; `plexus witness` reads their logs over 127.0.0.1.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { equalBytes } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import { openCheckpoint, openTiles, tilesForGrowth } from '@plexus/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Directory } from '../src/directory.ts'
import { createApi } from '../src/http/api.ts'
import { createLogger } from '../src/http/log.ts'
import { Network } from '../src/network.ts'

const members = ['hospital', 'clinic', 'state-board'] as const
const founding = {
  name: 'test',
  members,
  board: 'state-board',
  engine: { type: 'local' as const, sequencer: 'state-board' },
}
const now = (): number => Date.now() / 1000

interface Running {
  readonly network: Network
  /** Address of a member's log. */
  readonly log: (member: string) => string
  /** Blocks more, under a checkpoint of each member. */
  readonly grow: (blocks: number) => Promise<void>
  readonly close: () => Promise<void>
}

async function run(data: string): Promise<Running> {
  const failures: unknown[] = []
  const started = await Network.start({
    data,
    founding,
    random: systemRandom,
    now,
    onFailure: (_, error) => failures.push(error),
  })
  if (!started.ok) throw new Error(`the network did not start: ${started.reason.type}`)
  const network = started.value
  const logger = createLogger(new Writable({ write: (_chunk, _encoding, done) => done() }))
  const api = await createApi({ network, directory: Directory.open(data), logger, random: systemRandom, now })
  const url = await api.listen({ host: '127.0.0.1', port: 0 })
  return {
    network,
    log: (member) => `${url}/v1/members/${member}/checkpoints`,
    async grow(blocks) {
      let height = 0
      for (let made = 0; made < blocks; made++) {
        const opening = { type: 'open-handles' as const, handles: [systemRandom(32)] }
        const answer = await network.submit('clinic', notary, opening)
        if (!answer.ok) throw new Error(`the ledger refused: ${answer.reason.type}`)
        height = answer.value.height
      }
      await network.until(
        () => [...network.nodes.values()].every(({ replica }) => replica.height() >= height),
        10,
        'all',
      )
      for (const node of network.nodes.values()) await node.checkpoints.publish()
    },
    async close() {
      await api.close()
      await network.close()
      expect(failures).toEqual([])
    },
  }
}

const program = fileURLToPath(new URL('../../cli/src/plexus.ts', import.meta.url))

/** One look of a witness that keeps its state in `state`: its exit status, and what it said. */
async function look(state: string, logs: readonly string[]) {
  const args = ['witness', '--state', state, '--once', '--post', '--json', ...logs.flatMap((url) => ['--log', url])]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args])
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  const [, ...reports] = out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  return { code, reports: reports as readonly Readonly<Record<string, unknown>>[] }
}

const folder = mkdtempSync(join(tmpdir(), 'plexus-history-'))
const original = join(folder, 'original')
const fork = join(folder, 'fork')
const open: Running[] = []
let honest: Running
let forked: Running

/** Both histories share their first blocks, all keys, and what each member has signed up to there. */
beforeAll(async () => {
  const first = await run(original)
  await first.grow(3)
  await first.close()
  cpSync(original, fork, { recursive: true })
  honest = await run(original)
  open.push(honest)
  forked = await run(fork)
  open.push(forked)
})

afterAll(async () => {
  for (const each of open) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

test('T-06: members that follow one history are cosigned, and hold the cosignature once they know the witness', async () => {
  const state = join(folder, 'peace')
  await honest.grow(2)
  const logs = members.map(honest.log)
  const first = await look(state, logs)
  expect(first).toMatchObject({
    code: 0,
    reports: members.map(() => ({ type: 'cosigned', before: null, taken: false })),
  })
  const { layout } = honest.network.node('hospital')
  cpSync(join(state, 'vkey'), join(layout.checkpoints, 'witnesses'))
  await honest.grow(2)
  const second = await look(state, logs)
  expect(second.code).toBe(0)
  expect(second.reports.map(({ taken }) => taken).sort()).toEqual([false, false, true])
  const served = await fetch(`${honest.log('hospital')}/witnessed`)
  expect((await served.text()).match(/^\u2014 /gm)).toHaveLength(2)
})

test('T-06: history that is rewritten under the same key is found at the first checkpoint that shows it', async () => {
  const state = join(folder, 'rewritten')
  await honest.grow(1)
  expect((await look(state, [honest.log('hospital')])).code).toBe(0)
  const cosigned = readFileSync(join(state, 'cosigned', readdirSync(join(state, 'cosigned'))[0] ?? ''))
  const size = () => forked.network.node('hospital').checkpoints.newest?.size ?? 0
  while (size() <= (honest.network.node('hospital').checkpoints.newest?.size ?? 0)) await forked.grow(1)

  const { code, reports } = await look(state, [forked.log('hospital')])
  expect([code, reports]).toMatchObject([1, [{ type: 'alarm', why: 'rewritten' }]])
  const at = join(state, 'evidence', String(reports[0]?.['evidence']))
  // The evidence convinces whoever knows the log's key: no witness has to be believed.
  const { key } = honest.network.node('hospital').checkpoints
  const [before, after] = ['first.note', 'second.note'].map((name) =>
    openCheckpoint(new Uint8Array(readFileSync(join(at, name))), key),
  )
  if (!before?.ok || !after?.ok) throw new Error('the evidence is not signed by the log')
  expect(new Uint8Array(readFileSync(join(at, 'first.note')))).toEqual(new Uint8Array(cosigned))
  const ids = tilesForGrowth(before.value.size, after.value.size)
  const tiles = new Map(
    readdirSync(join(at, 'tiles'), { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => {
        const path = join(each.parentPath, each.name)
        return [path.slice(join(at, 'tiles').length + 1), new Uint8Array(readFileSync(path))] as const
      }),
  )
  const tree = openTiles(after.value, ids, tiles)
  expect(tree.ok && equalBytes(tree.value.rootAt(before.value.size), before.value.root)).toBe(false)
  expect(tree.ok).toBe(true)

  // For good: also when the log shows its old history again.
  await honest.grow(1)
  const later = await look(state, [honest.log('hospital')])
  expect([later.code, later.reports]).toMatchObject([1, [{ type: 'halted', why: 'rewritten' }]])
  expect(readFileSync(join(state, 'cosigned', readdirSync(join(state, 'cosigned'))[0] ?? ''))).toEqual(cosigned)
})

test('T-06: two members that are shown two histories are found at first contact', async () => {
  const state = join(folder, 'split')
  await honest.grow(1)
  await forked.grow(1)
  const { code, reports } = await look(state, [honest.log('hospital'), forked.log('clinic')])
  expect([code, reports.map(({ type, why }) => [type, why])]).toEqual([
    1,
    [
      ['alarm', 'split-view'],
      ['alarm', 'split-view'],
    ],
  ])
  expect(readdirSync(state)).not.toContain('cosigned')
})

test('T-06: a member whose ledger was replaced by the fork signs nothing more, and says so', async () => {
  await honest.grow(1)
  const replaced = join(folder, 'replaced')
  await honest.close()
  open.splice(open.indexOf(honest), 1)
  await forked.close()
  open.splice(open.indexOf(forked), 1)
  cpSync(fork, replaced, { recursive: true })
  const log = join(replaced, 'hospital', 'checkpoints')
  rmSync(log, { recursive: true })
  cpSync(join(original, 'hospital', 'checkpoints'), log, { recursive: true })
  const signed = readFileSync(join(log, 'last-signed'), 'utf8')

  const failures: string[] = []
  const started = await Network.start({
    data: replaced,
    founding,
    random: systemRandom,
    now,
    onFailure: (member, error) => failures.push(`${member}: ${error instanceof Error ? error.name : ''}`),
  })
  if (!started.ok) throw new Error(started.reason.type)
  const network = started.value
  const size = Number(signed.split('\n')[1])
  while (network.node('hospital').replica.height() <= size)
    await network.submit('clinic', notary, { type: 'open-handles', handles: [systemRandom(32)] })
  await expect(network.node('hospital').checkpoints.publish()).rejects.toThrow(/not those that were signed/)
  await network.close()
  expect(failures).toEqual(['hospital: CheckpointContradiction'])
  expect(readFileSync(join(log, 'last-signed'), 'utf8')).toBe(signed)
})
