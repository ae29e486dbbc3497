/** Organisations that found a network and join one, each in a folder of its own, before any of them runs. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromHex } from '@plexus/codec'
import { sponsorAdmission } from '@plexus/sdk'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { foundedChain } from './founding.ts'
import { runNetwork } from './network-commands.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-network-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.restoreAllMocks())

const home = (organisation: string): string => join(folder, organisation)
const file = (organisation: string): string => join(home(organisation), organisation, 'candidate.json')
const at = (port: number): readonly string[] => [
  ...['--address', `plexus://127.0.0.1:${port}`, '--engine', `127.0.0.1:${port + 1}`],
]

/** What it says in JSON, its exit status, and what it says of a refusal. */
async function run(...args: readonly string[]) {
  const said: string[] = []
  const refused: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line) => void said.push(String(line)))
  vi.spyOn(console, 'error').mockImplementation((line) => void refused.push(String(line)))
  const code = await runNetwork([...args, '--json'])
  vi.restoreAllMocks()
  return { code, said: said.map((line) => JSON.parse(line)), refused: refused.join('\n') }
}

const candidate = (organisation: string, port: number, ...more: readonly string[]) =>
  run('candidate', '--data', home(organisation), '--member', organisation, ...at(port), ...more)

describe('founding by organisations that share no machine', () => {
  test('each makes its keys in its own folder, and a genesis of the public files', async () => {
    for (const [organisation, port] of [
      ['alder', 7000],
      ['birch', 7010],
    ] as const)
      expect((await candidate(organisation, port, '--board')).code).toBe(0)
    const made = await run('init', '--data', home('alder'), '--candidate', file('alder'), '--candidate', file('birch'))
    expect([made.code, made.said]).toMatchObject([0, [{ step: 'init', members: ['alder', 'birch'] }]])
    expect(readdirSync(home('alder')).sort()).toEqual(['alder', 'genesis.cbor'])
    expect(foundedChain(home('alder'))?.genesis.engine).toEqual({ type: 'cometbft' })
    const secrets = readdirSync(join(home('alder'), 'alder', 'keys')).map((name) =>
      readFileSync(join(home('alder'), 'alder', 'keys', name)).toString('hex'),
    )
    const shown = readFileSync(file('alder'), 'utf8') + readFileSync(join(home('alder'), 'genesis.cbor'), 'hex')
    expect(secrets.filter((secret) => secret.length === 64 && shown.includes(secret))).toEqual([])
  })

  test('a network is founded once, and keys are made once', async () => {
    const again = await run('init', '--data', home('alder'), '--candidate', file('alder'))
    expect([again.code, again.refused]).toEqual([1, expect.stringContaining('is there already')])
    const before = readFileSync(file('birch'), 'utf8')
    await candidate('birch', 7010, '--board')
    expect(readFileSync(file('birch'), 'utf8')).toBe(before)
  })

  test.each([
    ['two candidates of one id', ['alder', 'alder'], 'one id'],
    ['nobody who signs blocks', ['cedar'], 'Nobody would sign blocks'],
    ['a file that is none', ['nobody'], 'There is no'],
    ['a file that the ledger would not take', ['broken'], 'does not describe a member'],
  ])('%s found nothing', async (_, organisations, says) => {
    if (!existsSync(file('cedar'))) await candidate('cedar', 7020, '--power', '0')
    if (!existsSync(file('broken'))) {
      await candidate('broken', 7030)
      const fields = JSON.parse(readFileSync(file('broken'), 'utf8'))
      writeFileSync(file('broken'), JSON.stringify({ ...fields, engineAddress: 'somewhere' }))
    }
    const named = organisations.flatMap((each) => ['--candidate', file(each)])
    const { code, refused } = await run('init', '--data', home('elm'), ...named)
    expect([code, refused]).toEqual([1, expect.stringContaining(says)])
    expect(existsSync(join(home('elm'), 'genesis.cbor'))).toBe(false)
  })

  test.each([
    ['no act', ['dance']],
    ['no folder', ['init']],
    ['no member', ['candidate', '--data', 'x']],
    ['an engine without a port', ['candidate', '--data', 'x', '--member', 'fir', '--address', 'a', '--engine', 'b']],
    ['too many members', ['init', '--data', join(folder, 'many'), '--members', '101']],
  ])('%s is wrong usage', async (_, args) => {
    expect((await run(...args)).code).toBe(2)
  })
})

describe('a candidate that asks to be admitted', () => {
  const genesis = join(home('alder'), 'genesis.cbor')
  const ask = (...more: readonly string[]) => run('join', '--data', home('fir'), '--member', 'fir', ...more)

  test('makes a request that the member it names can propose, and no other', async () => {
    const { code, said } = await ask(...at(7040), '--genesis', genesis, '--sponsor', 'birch')
    expect(code).toBe(0)
    const { asked } = JSON.parse(readFileSync(String(said[0].file), 'utf8'))
    const request = {
      body: fromHex(asked.body),
      shares: asked.shares.map((share: { key: string; signature: string }) => ({
        key: fromHex(share.key),
        signature: fromHex(share.signature),
      })),
    }
    const chain = foundedChain(home('fir'))?.id ?? new Uint8Array(0)
    const seedOf = (of: string) => new Uint8Array(readFileSync(join(home(of), of, 'keys', 'member.secret')))
    const sponsored = sponsorAdmission(request, { chain, sponsor: 'birch', seed: seedOf('birch') })
    expect(sponsored).toMatchObject({ ok: true, value: { action: { member: 'fir', validator: { power: 10 } } } })
    expect(sponsorAdmission(request, { chain, sponsor: 'alder', seed: seedOf('alder') }).ok).toBe(false)
  })

  test('asks again with the same keys, and needs only to say who is to propose it', async () => {
    const before = readFileSync(file('fir'), 'utf8')
    expect((await ask('--sponsor', 'alder')).code).toBe(0)
    expect(readFileSync(file('fir'), 'utf8')).toBe(before)
    const stranger = await ask('--sponsor', 'nobody')
    expect([stranger.code, stranger.refused]).toEqual([1, expect.stringContaining('knows no key of nobody')])
    expect((await ask()).code).toBe(2)
  })
})
