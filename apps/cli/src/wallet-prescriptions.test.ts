/** A patient's commands, run as processes against a demonstration that stays up: prescriptions, and a wallet file of a former version. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ends, plexus, type Running, startDemo } from './running.testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-wallet-'))
const data = join(folder, 'data')
let demo: Running
let told: (option: string) => string
let node: readonly string[]
let wallet = ''

beforeAll(async () => {
  ;({ demo, told, node, wallet } = await startDemo(data))
}, 240_000)
afterAll(async () => {
  await ends(demo)
  rmSync(folder, { recursive: true, force: true })
})

async function act(...words: readonly string[]) {
  const { code, err, lines } = await plexus('wallet', ...words, '--wallet', wallet, ...node, '--json')
  return { code, refusal: code === 0 ? undefined : JSON.parse(err).error, lines: code === 0 ? lines() : [] }
}

test('a patient gives keys for an order, sees what was prescribed, and names a pharmacy, once', async () => {
  const order = join(folder, 'order.json')
  const { lines } = await act('keys', '--lines', '1')
  const line = {
    drug: { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' },
    ...{ quantity: 30, unit: '{tbl}', schedule: 'II', directions: 'one every six hours', lastsDays: 30 },
  }
  writeFileSync(
    order,
    JSON.stringify({
      ...{ organisation: 'emergency-1', order: 'order 1', npi: told('npi'), registration: 'AB1234563' },
      ...{ registrar: 'state-board', authentication: 'ab'.repeat(32), dayLagMinutes: 1_140 },
      patient: lines[0],
      lines: [line],
    }),
  )
  const staff = [...node, '--data', data, '--json']
  const signed = await plexus('rx', 'sign', order, ...staff, '--member', 'emergency-1')
  expect(signed.err).toBe('')
  const handles = signed.lines()[0]?.['handles'] as readonly string[] | undefined
  const [handle = ''] = handles ?? []

  const mine = async () => (await act('prescriptions')).lines.find((each) => each['handle'] === handle)
  for (let look = 0; look < 40 && (await mine())?.['status'] !== 'signed'; look++);
  expect(await mine()).toMatchObject({ status: 'signed', filled: 0, quantity: 30, place: { type: 'nowhere' } })
  expect(await act('nominate', handle, '--pharmacy', 'nobody-here')).toMatchObject({ refusal: 'organisation-unknown' })
  expect((await act('nominate', handle, '--pharmacy', 'hospital-5')).lines).toMatchObject([
    { handle, place: { type: 'named', pharmacy: 'hospital-5', brought: true } },
  ])
  expect(await act('nominate', handle, '--pharmacy', 'hospital-5')).toMatchObject({ refusal: 'named-already' })
  expect((await act('take-back', handle)).lines).toMatchObject([{ handle, place: { type: 'nowhere' } }])
  expect(await act('take-back', '00'.repeat(32))).toMatchObject({ refusal: 'item-unknown' })
  expect(await act('nominate', handle)).toMatchObject({ refusal: 'usage' })
  const { out } = await plexus('wallet', 'prescriptions', '--wallet', wallet, ...node)
  expect(out).toContain('0 of 30 {tbl} filled')
  expect(out).toContain('! Recalled by hospital-1')
}, 120_000)

test('a wallet file of a former version is brought back from its root, and kept as this version does', async () => {
  const { custodians, looks } = await seen(wallet)
  const former = join(folder, 'former.json')
  const written = JSON.parse(readFileSync(wallet, 'utf8'))
  writeFileSync(former, JSON.stringify({ ...written, version: 1, state: 'YQ' }))
  const back = await plexus('who-looked', ...node, '--wallet', former, '--json')
  expect(back.err).toBe('')
  expect(back.lines()[0]).toMatchObject({ type: 'brought-back' })
  expect(back.lines().filter(({ type }) => type === 'look')).toHaveLength(looks)
  expect(JSON.parse(readFileSync(former, 'utf8')).version).toBe(2)
  expect(await seen(former)).toEqual({ custodians, looks })
  // A file that nothing brings back stays as it is.
  const elsewhere = JSON.stringify({ ...written, version: 1, state: 'YQ' })
  writeFileSync(former, elsewhere)
  const alone = await plexus('who-looked', '--node', 'http://127.0.0.1:9', '--wallet', former, '--json')
  expect(alone.code).toBe(1)
  expect(readFileSync(former, 'utf8')).toBe(elsewhere)
}, 120_000)

async function seen(path: string) {
  const { lines } = await plexus('who-looked', ...node, '--wallet', path, '--json')
  const looks = lines().filter(({ type }) => type === 'look')
  return { looks: looks.length, custodians: [...new Set(looks.map(({ custodian }) => custodian))].sort() }
}
