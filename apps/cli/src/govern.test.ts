/** Members that govern from a terminal: processes, a network that runs, and the secrets beside it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ends, plexus, type Running, start, staysUp } from './running.testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'plexus-govern-'))
const data = join(folder, 'data')
const hospitals = ['hospital-1', 'hospital-2', 'hospital-3', 'hospital-4', 'hospital-5', 'hospital-6']

let network: Running
let node: readonly string[] = []

beforeAll(async () => {
  const { code } = await plexus('init', '--data', data)
  expect(code).toBe(0)
  network = start(['start', '--data', data, '--port', '0'])
  await staysUp(network)
  node = ['--node', /--node (\S+)/.exec(network.out())?.[1] ?? '', '--data', data]
}, 60_000)
afterAll(async () => {
  await ends(network)
  rmSync(folder, { recursive: true, force: true })
})

const as = (member: string, ...words: readonly string[]) => plexus(...words, ...node, '--member', member, '--json')
const secretOf = (member: string, name: string) => readFileSync(join(data, member, 'keys', `${name}.secret`))
const status = async (member: string) => {
  const [state] = (await as('hospital-1', 'govern', 'list')).lines()
  const members = (state?.['members'] ?? []) as readonly { readonly member: string; readonly status: string }[]
  return members.find((each) => each.member === member)?.status
}

/** The first of them proposes, the others vote for it; the last of all answers. */
async function decide(number: string, ...words: readonly string[]) {
  const [first = '', ...others] = hospitals
  let last = await as(first, 'govern', 'propose', ...words)
  for (const each of others) last = await as(each, 'govern', 'vote', number)
  return last
}

test('six of eight members suspend a seventh from their terminals, and reinstate it', async () => {
  expect((await decide('1', 'suspend', 'emergency-1')).code).toBe(0)
  expect(await status('emergency-1')).toBe('suspended')
  const refused = await as('emergency-1', 'govern', 'propose', 'profile', 'opt-in')
  expect([refused.code, JSON.parse(refused.err)]).toMatchObject([1, { error: 'sponsor-not-active' }])
  await decide('2', 'reinstate', 'emergency-1')
  expect(await status('emergency-1')).toBe('active')
}, 60_000)

test('what changes the policy waits for its delay, and falls when the majority goes', async () => {
  const [passed] = (await decide('3', 'parameter', 'intentSecondsMax', '200')).lines()
  expect(passed?.['proposal']).toMatchObject({ inFavour: 6, of: 8, passes: true, dueAt: expect.any(Number) })
  const shown = await plexus('govern', 'list', ...node)
  expect(shown.out).toContain('set-parameters, intentSecondsMax 300 → 200, by hospital-1')
  const early = await as('hospital-2', 'govern', 'enact', '3')
  expect([early.code, JSON.parse(early.err)]).toMatchObject([1, { error: 'not-due' }])
  const [fallen] = (await as('hospital-2', 'govern', 'withdraw', '3')).lines()
  expect(fallen).toMatchObject({ did: 'vote', proposal: null })
}, 60_000)

test('a key is rotated by its successor, the node goes on under it, and again', async () => {
  for (const _ of ['once', 'again']) {
    const [old, next] = [secretOf('hospital-2', 'member'), secretOf('hospital-2', 'member-next')]
    const [rotated] = (await as('hospital-2', 'keys', 'rotate')).lines()
    expect(secretOf('hospital-2', 'member')).toEqual(next)
    expect(secretOf('hospital-2', 'member-next')).not.toEqual(old)
    expect(existsSync(join(data, 'hospital-2', 'keys', 'member-after.secret'))).toBe(false)
    const [listed] = (await as('hospital-2', 'keys', 'list')).lines()
    expect(listed?.['keys']).toContainEqual(expect.objectContaining({ key: rotated?.['key'], status: 'active' }))
  }
  const { code } = await as('hospital-2', 'govern', 'propose', 'profile', 'opt-in')
  expect(code).toBe(0)
}, 60_000)

test('the key that a node shows to others is rotated by itself, and a member’s address is its own to change', async () => {
  const next = secretOf('hospital-2', 'transport-next')
  const [rotated] = (await as('hospital-2', 'keys', 'rotate', '--transport')).lines()
  expect(secretOf('hospital-2', 'transport')).toEqual(next)
  const [listed] = (await as('hospital-2', 'keys', 'list')).lines()
  expect(listed?.['keys']).toContainEqual(
    expect.objectContaining({ key: rotated?.['key'], status: 'active', scopes: ['transport'] }),
  )
  const [moved] = (await as('hospital-2', 'govern', 'address', 'plexus://hospital-2.example:7443')).lines()
  expect(moved).toMatchObject({ member: 'hospital-2', did: 'change-address' })
  const wrong = await as('hospital-2', 'govern', 'address', 'https://hospital-2.example')
  expect([wrong.code, JSON.parse(wrong.err)]).toMatchObject([1, { error: 'not-a-transaction' }])
}, 60_000)

test('a further key that governs waits, and can be revoked meanwhile', async () => {
  const out = join(folder, 'officer.secret')
  const [made] = (await as('hospital-3', 'keys', 'register', '--scope', 'governance', '--out', out)).lines()
  expect(made).toMatchObject({ status: 'pending', scopes: ['governance'], dueAt: expect.any(Number) })
  expect(readFileSync(out)).toHaveLength(32)
  const key = String(made?.['key'])
  const early = await as('hospital-3', 'keys', 'activate', key)
  expect([early.code, JSON.parse(early.err)]).toMatchObject([1, { error: 'not-due' }])
  expect((await as('hospital-3', 'keys', 'revoke', key)).code).toBe(0)
  const taken = await as('hospital-3', 'keys', 'register', '--scope', 'batches', '--out', out)
  expect(JSON.parse(taken.err)).toMatchObject({ error: 'file-exists' })
}, 60_000)

test('words that mean nothing are refused before the ledger hears of them', async () => {
  for (const [words, error] of [
    [['govern', 'propose', 'abolish', 'everything'], 'action-unknown'],
    [['govern', 'propose', 'suspend', 'No Such'], 'not-a-transaction'],
    [['govern', 'propose', 'parameter', 'bribesMax', '1'], 'parameter-unknown'],
    [['govern', 'vote', 'first'], 'proposal-needed'],
    [['govern', 'leave', 'slowly'], 'step-unknown'],
    [['keys', 'revoke'], 'key-needed'],
    [['keys', 'revoke', 'abc'], 'key-malformed'],
  ] as const) {
    const { code, err } = await as('hospital-1', ...words)
    expect([code, JSON.parse(err)]).toMatchObject([1, { error }])
  }
}, 60_000)
