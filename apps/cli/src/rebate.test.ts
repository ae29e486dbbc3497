/** Terms and prices from a terminal: processes, and a network that runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ends, plexus, type Running, start, staysUp } from './running.testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-rebate-'))
const data = join(folder, 'data')
const [payer, claimant] = ['hospital-1', 'hospital-2'] as const

let network: Running
let node: readonly string[] = []

beforeAll(async () => {
  expect((await plexus('init', '--data', data)).code).toBe(0)
  network = start(['start', '--data', data, '--port', '0'])
  await staysUp(network)
  node = ['--node', /--node (\S+)/.exec(network.out())?.[1] ?? '', '--data', data]
}, 120_000)
afterAll(async () => {
  await ends(network)
  rmSync(folder, { recursive: true, force: true })
})

const rebate = (member: string, ...words: readonly string[]) =>
  plexus('rebate', ...words, ...node, '--member', member, '--json')

function fileOf(name: string, value: object): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(value))
  return path
}

test('a manufacturer works its prices out, offers terms, and the other party signs them', async () => {
  const quarter = {
    category: 'innovator',
    amp: '100',
    bestPrice: '70',
    base: { amp: '80', index: '200' },
    index: '230',
  }
  const [prices] = (await rebate(payer, 'price', fileOf('quarter.json', quarter))).lines()
  expect(prices).toMatchObject({ member: payer, unitRebate: '38.000000', ceiling: '62.000000' })

  const now = Math.floor(Date.now() / 1000)
  const terms = {
    name: 'rebates',
    with: claimant,
    role: 'payer',
    programme: 'medicaid',
    arbiter: null,
    startsAt: now - 60,
    endsAt: now + 86_400,
    currency: 'USD',
    rounding: 'half-even',
    rates: [{ product: '00003089421', unit: '{vial}', price: '38', unitsMax: '5000' }],
  }
  const [offered] = (await rebate(payer, 'propose', fileOf('terms.json', terms))).lines()
  const handle = String(offered?.['terms'])
  await vi.waitFor(
    async () => expect((await rebate(claimant, 'list', handle)).lines()).toMatchObject([{ waitsFor: 'own' }]),
    { timeout: 30_000, interval: 200 },
  )
  expect((await rebate(claimant, 'sign', handle)).code).toBe(0)
  expect((await rebate(payer, 'list')).lines()).toMatchObject([{ contracts: [{ terms: handle, state: 'signed' }] }])
  expect((await rebate(payer, 'audit', handle)).lines()).toMatchObject([{ approved: '0.00', moved: '0.00' }])

  const again = await rebate(claimant, 'sign', handle)
  expect([again.code, JSON.parse(again.err)]).toMatchObject([1, { error: 'nothing-proposed' }])
  expect((await rebate(payer, 'settle', handle)).code).toBe(1)
  expect((await rebate(payer, 'approve')).code).toBe(1)
  const said = await plexus('rebate', 'list', ...node, '--member', claimant)
  expect(said.out).toContain('medicaid, claimant, with hospital-1; signed, version 1')
}, 120_000)
