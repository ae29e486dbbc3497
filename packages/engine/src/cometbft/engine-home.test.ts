import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publicKeyOf } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { nodeIdOf } from './engine-address.ts'
import { type EngineHome, prepareEngineHome, sayEngineHomeRefusal, signBehind } from './engine-home.ts'
import { chainOf, networkDirectory, nodeSeedOf, validatorSeedOf } from './network.testing.ts'
import { isWatching } from './signed-last.ts'

const chain = chainOf(1_700_000_000)

const home = (directory: string, part: Partial<EngineHome> = {}): EngineHome => ({
  directory,
  chain,
  member: 'alder',
  validatorSeed: validatorSeedOf('alder'),
  nodeSeed: nodeSeedOf('alder'),
  listen: { host: '127.0.0.1', port: 4_000 },
  peers: [{ nodeId: nodeIdOf(publicKeyOf(nodeSeedOf('birch'))), host: '127.0.0.1', port: 4_001 }],
  ...part,
})

test('a directory is made ready, and again at each start', () => {
  const directory = networkDirectory()
  expect(prepareEngineHome(home(directory))).toMatchObject({ ok: true })
  const signed = join(directory, 'data', 'priv_validator_state.json')
  writeFileSync(signed, 'what the engine signed last')
  expect(prepareEngineHome(home(directory, { listen: { host: '127.0.0.1', port: 5_000 } }))).toMatchObject({ ok: true })
  expect(readFileSync(signed, 'utf8')).toBe('what the engine signed last')
  const configuration = readFileSync(join(directory, 'config', 'config.toml'), 'utf8')
  expect(configuration).toContain('laddr = "tcp://127.0.0.1:5000"')
  expect(configuration).toMatch(/persistent_peers = "[0-9a-f]{40}@127\.0\.0\.1:4001"/)
  for (const name of ['node_key.json', 'priv_validator_key.json'])
    expect(statSync(join(directory, 'config', name)).mode & 0o077).toBe(0)
})

test('a key that may have signed what this directory does not know signs nothing, until it is told from where on', () => {
  const [fresh, lost] = [networkDirectory(), networkDirectory()]
  const signed = (directory: string) =>
    JSON.parse(readFileSync(join(directory, 'data', 'priv_validator_state.json'), 'utf8'))
  prepareEngineHome(home(fresh))
  prepareEngineHome(home(lost, { mayHaveSigned: true }))
  expect([isWatching(fresh), isWatching(lost), isWatching(networkDirectory())]).toEqual([false, true, false])
  expect(signed(fresh)).toEqual({ height: '0', round: 0, step: 0 })
  expect(BigInt(signed(lost).height)).toBe(2n ** 63n - 1n)
  signBehind(lost, 41)
  expect([isWatching(lost), signed(lost)]).toEqual([false, { height: '41', round: 2 ** 31 - 1, step: 3 }])
  // It is the engine's own from here on.
  prepareEngineHome(home(lost, { mayHaveSigned: true }))
  expect(signed(lost).height).toBe('41')
})

test('every member writes the same genesis', () => {
  const [first, second] = [networkDirectory(), networkDirectory()]
  prepareEngineHome(home(first))
  prepareEngineHome(home(second, { member: 'birch', validatorSeed: validatorSeedOf('birch'), peers: [] }))
  const genesis = (directory: string) => readFileSync(join(directory, 'config', 'genesis.json'), 'utf8')
  expect(genesis(first)).toBe(genesis(second))
  expect(JSON.parse(genesis(first))).toMatchObject({ genesis_time: '2023-11-14T22:13:20.000Z', initial_height: '1' })
})

test.each([
  ['another network', { chain: chainOf(1_700_000_001) }, 'other-chain'],
  ['another validator', { validatorSeed: validatorSeedOf('birch') }, 'other-key'],
  ['another node', { nodeSeed: nodeSeedOf('birch') }, 'other-key'],
] as const)('a directory of %s is refused, and stays as it was', (_what, part, type) => {
  const directory = networkDirectory()
  prepareEngineHome(home(directory))
  const before = readFileSync(join(directory, 'config', 'config.toml'), 'utf8')
  const refused = prepareEngineHome(home(directory, { ...part, listen: { host: '127.0.0.1', port: 9 } }))
  expect(refused).toMatchObject({ ok: false, reason: { type } })
  if (!refused.ok) expect(sayEngineHomeRefusal(refused.reason)).toMatch(/network|key/)
  expect(readFileSync(join(directory, 'config', 'config.toml'), 'utf8')).toBe(before)
})

test('a path that no socket can have is refused before anything is written', () => {
  const directory = join(networkDirectory(), 'x'.repeat(90))
  const refused = prepareEngineHome(home(directory))
  expect(refused).toMatchObject({ ok: false, reason: { type: 'socket-path-too-long' } })
  if (!refused.ok) expect(sayEngineHomeRefusal(refused.reason)).toMatch(/socket/)
  expect(existsSync(directory)).toBe(false)
})
