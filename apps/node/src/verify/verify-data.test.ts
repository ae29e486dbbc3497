/** A data directory with one thing wrong at a time: the check says what and where, and never what stands there. */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notary } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { board, clinic, hospital, patient, problemSource, startWorld } from '../http/world.testing.ts'
import type { MemberNode } from '../member-node.ts'
import { Network } from '../network.ts'
import { verifyData } from './verify-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-verify-data-'))
const whole = join(folder, 'whole')
/** The same, after a record was erased. */
const erased = join(folder, 'erased')
/** The same, after other blocks than those. */
const apart = join(folder, 'apart')
const members = [clinic, hospital, board]

beforeAll(async () => {
  const { network, app, data } = await startWorld()
  await network.until(() => network.node(hospital).exchange.batches.idle, 20, 'the chart to be committed')
  await network.node(hospital).checkpoints.publish()
  await app.close()
  await network.close()
  cpSync(data, whole, { recursive: true })
  rmSync(data, { recursive: true })
  await goOn(erased, async ({ exchange }) => {
    await exchange.run(({ custody }) => custody.eraseRecord(hospital, patient, problemSource))
  })
  await goOn(apart, async () => {})
})

/** The network goes on from a copy of its whole directory: some other block, and what is done at the hospital. */
async function goOn(data: string, action: (node: MemberNode) => Promise<void>): Promise<void> {
  cpSync(whole, data, { recursive: true })
  const started = await Network.start({
    data,
    founding: {
      name: 'test',
      members: [hospital, clinic, board],
      board,
      engine: { type: 'local' as const, sequencer: board },
    },
    random: systemRandom,
    now: () => Date.now() / 1000,
    onFailure: (_, error) => {
      throw error
    },
  })
  if (!started.ok) throw new Error('the copy does not start')
  const network = started.value
  await action(network.node(hospital))
  for (const member of [clinic, hospital])
    await network.submit(member, notary, { type: 'open-handles', handles: [systemRandom(32)] })
  await network.close()
}
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let copies = 0
interface Told {
  readonly check?: string
  readonly findings?: readonly { readonly where: string; readonly what: string }[]
}

/** What the check says of a copy to which this was done; `at` names a file of the hospital. */
async function verified(damage: (at: (path: string) => string) => void, from = whole) {
  const data = join(folder, `copy-${++copies}`)
  cpSync(from, data, { recursive: true })
  damage((path) => join(data, hospital, path))
  const lines: string[] = []
  const status = await verifyData({ data, members, json: true, print: (line) => lines.push(line) })
  const told = lines.map((line) => JSON.parse(line) as Told)
  const found = told.flatMap(({ check, findings }) =>
    (findings ?? []).map(({ where, what }) => `${check}: ${where}: ${what}`),
  )
  for (const said of [patient, problemSource, 'Hypertension', '38341003']) expect(lines.join('\n')).not.toContain(said)
  rmSync(data, { recursive: true })
  return { status, found, checks: told.flatMap(({ check }) => check ?? []) }
}

function flip(file: string, at: (length: number) => number): void {
  const bytes = readFileSync(file)
  const place = at(bytes.length)
  bytes[place] = (bytes[place] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

const middle = (length: number): number => Math.floor(length / 2)
const packOf = (at: (path: string) => string): string => {
  const [name] = readdirSync(at('vault'))
  if (!name) throw new Error('the vault is empty')
  return at(`vault/${name}`)
}

test('nothing is found where nothing is wrong, and every part was looked at', async () => {
  const { status, found, checks } = await verified(() => {})
  expect([status, found]).toEqual([0, []])
  const each = ['layout', 'keys', 'ledger', 'checkpoints', 'journal', 'records', 'vault']
  expect(checks).toEqual([...members.flatMap(() => each), 'agreement'])
  expect((await verified(() => {}, erased)).found).toEqual([])
})

const wrongs: Readonly<Record<string, readonly [(at: (path: string) => string) => void, RegExp]>> = {
  'a file that belongs to nothing': [(at) => writeFileSync(at('notes.txt'), ''), /^layout: notes\.txt: is not a part/],
  'a secret that others can read': [
    (at) => chmodSync(at('keys/member.secret'), 0o644),
    /^layout: keys\/member\.secret: can be/,
  ],
  'a secret that is too long': [
    (at) => appendFileSync(at('keys/blinding.secret'), 'x'),
    /^layout: keys\/blinding\.secret: is not 32/,
  ],
  'a secret that is gone': [(at) => rmSync(at('keys/journal.secret')), /^keys: keys\/journal\.secret: is missing/],
  'a secret of somebody else': [
    (at) => flip(at('keys/journal.secret'), middle),
    /^stores: hospital: do not open: other-key/,
  ],
  'a byte of a pack': [(at) => flip(packOf(at), middle), /^(?:records: records, row \d+|vault: vault\/\w+): /],
  'a pack that is gone': [(at) => rmSync(packOf(at)), /^records: records, row \d+: its ciphertext is missing/],
  'a checkpoint that another key signed': [
    (at) => flip(at('checkpoints/checkpoint'), (length) => length - 10),
    /^checkpoints: checkpoints\/checkpoint: is damaged/,
  ],
  'a record of what was signed that is gone': [
    (at) => rmSync(at('checkpoints/last-signed')),
    /^checkpoints: checkpoints\/last-signed: is missing/,
  ],
  'a tile of other blocks': [
    (at) => flip(tileOf(at), middle),
    /^checkpoints: checkpoints\/tile\/\S+: is not made of these/,
  ],
  'a log with another key': [
    (at) => writeFileSync(at('checkpoints/vkey'), 'another'),
    /^checkpoints: checkpoints\/vkey: is of another/,
  ],
}

/** Of the hashes, the newest: the log may have signed a shorter tree before, whose tiles nobody needs any more. */
const tileOf = (at: (path: string) => string): string => {
  const level = at('checkpoints/tile/0')
  const tiles = readdirSync(level, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  const entry = tiles.sort((a, b) => Number(a.name) - Number(b.name)).at(-1)
  if (!entry) throw new Error('the log has no tile')
  return join(entry.parentPath, entry.name)
}

test.each(Object.entries(wrongs))('%s is told, with its place', async (_, [damage, expected]) => {
  const { status, found } = await verified(damage)
  expect([status, found]).toEqual([1, expect.arrayContaining([expect.stringMatching(expected)])])
})

test('T-20: an erased record whose key came back with an old copy of the key store is told', async () => {
  const { status, found } = await verified((at) => {
    rmSync(at('keys/store'), { recursive: true })
    cpSync(join(whole, hospital, 'keys', 'store'), at('keys/store'), { recursive: true })
  }, erased)
  expect([status, found]).toEqual([
    1,
    [expect.stringMatching(/^records: records, row \d+: was erased, and its key is there/)],
  ])
})

test('a replica that is ahead of the others agrees with them as far as they go', async () => {
  const { status, found } = await verified((at) => putLedger(at, erased))
  expect([status, found]).toEqual([0, []])
})

test('a replica that holds other blocks than the others is told', async () => {
  const { status, found } = await verified((at) => putLedger(at, erased), apart)
  // Its log may have signed some of its own blocks, and says so then.
  const split = expect.stringMatching(/^agreement: hospital: holds another block \d+ than clinic/)
  expect([status, found]).toEqual([1, expect.arrayContaining([split])])
})

function putLedger(at: (path: string) => string, from: string): void {
  rmSync(at('ledger'), { recursive: true })
  cpSync(join(from, hospital, 'ledger'), at('ledger'), { recursive: true })
}
