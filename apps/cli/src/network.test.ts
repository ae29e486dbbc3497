/** Four organisations on one machine, each a process with its own engine: the exchange, faults, and who belongs to it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toHex } from '@plexus/codec'
import { bringBack, bringBackDoor, findings, type WalletClient, whoLooked } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Apart, engineFolder, eventually, freePorts, now, said, startMember } from './apart.testing.ts'
import { plexus, start } from './running.testing.ts'

const members = ['member-1', 'member-2', 'member-3', 'member-4'] as const
const [custodian, asker, sponsor, board] = members
const patient = '037c9dc2-cd3b-f193-c62f-b0b9c75b1d92'
const sample = fileURLToPath(new URL(`../../../samples/${patient}.json.zst`, import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'plexus-'))
const data = join(folder, 'data')
const elsewhere = join(folder, 'elsewhere')
const newcomer = 'newcomer'
/** Two blocks a second come at least: two snapshots are kept for a minute. */
const snapshotEvery = '60'

let network: ReturnType<typeof start>
let apart: Apart
let port = 0
/** Processes that a test started by itself. */
const own = new Map<string, ReturnType<typeof start>>()
const processOf = (member: string): number => {
  const line = network
    .out()
    .split('\n')
    .find((each) => each.includes(`"member":"${member}","process"`))
  return (JSON.parse(line ?? '{}') as { readonly process: number }).process
}

describe.skipIf(!existsSync(engineFolder))('with a real engine (needs `npm run engine`)', () => {
  let client: WalletClient
  const bundles: Uint8Array[] = []
  let npi = ''
  let visit = ''

  beforeAll(async () => {
    port = await freePorts(15)
    const founding = ['--members', '4', '--voting-delay', '0', '--peer-port', String(port + 5), '--without', 'rebates']
    const more = ['--port', String(port), '--snapshot-every', snapshotEvery, '--json']
    network = start(['network', 'up', '--data', data, ...founding, ...more])
    const early = network.ended.then(({ err }) => {
      throw new Error(`the network ended early: ${err}`)
    })
    early.catch(() => {})
    await Promise.race([said(network, 'all-up'), early])
    apart = new Apart(
      data,
      [0, 1, 2, 3, 4].map((index) => `http://127.0.0.1:${port + index}`),
    )
    await eventually('all members to be abreast', async () =>
      (await Promise.all(members.map((member) => apart.height(member)))).every((height) => height > 1)
        ? true
        : undefined,
    )
  }, 120_000)

  afterAll(async () => {
    for (const { child } of own.values()) child.kill('SIGTERM')
    for (const { ended } of own.values()) await ended
    network.child.kill('SIGTERM')
    await network.ended
    rmSync(folder, { recursive: true, force: true })
  })

  test('no member’s folder holds a secret of another', () => {
    const secrets = members.flatMap((member) =>
      readdirSync(join(data, member, 'keys'))
        .filter((name) => name.endsWith('.secret'))
        .map((name) => toHex(new Uint8Array(readFileSync(join(data, member, 'keys', name))))),
    )
    expect(new Set(secrets).size).toBe(secrets.length)
  })

  test('a chart is imported at one, asked for by another, and the patient sees it', async () => {
    // A directory has one owner at a time: the member's process ends, the others go on.
    process.kill(processOf(custodian), 'SIGTERM')
    await said(network, 'ended')
    const imported = await plexus('import', '--data', data, '--member', custodian, '--json', sample)
    expect([imported.code, imported.lines()[0]]).toMatchObject([0, { step: 'import', refused: 0 }])
    own.set(custodian, (await startMember(data, custodian, port)).running)

    npi = await apart.employ(asker, board)
    client = await apart.wallet(sponsor, board, { bundles })
    expect(await client.enrol(custodian, await apart.code(custodian, patient), sponsor)).toMatchObject({ ok: true })
    const id = new Uint8Array(16).fill(7)
    visit = toHex(id)
    expect(await client.checkIn(asker, id, [custodian], 3600)).toMatchObject({ ok: true })
    expect(await apart.ask(asker, visit, npi)).toMatchObject({
      settled: true,
      sources: [{ custodian, state: 'complete', code: null }],
    })
    const looks = await eventually('both sides to tell the patient', async () => {
      await client.fetch()
      const seen = whoLooked(client.wallet.state)
      return seen.length === 1 && seen[0]?.confirmedBy.length === 2 ? seen : undefined
    })
    expect(looks).toMatchObject([{ custodian, verified: true }])
    expect(findings(client.wallet.state)).toEqual([])
    await apart.agree(members)
    const examined = await plexus('doctor', '--data', data, '--member', asker, '--json')
    const nodes = apart.addresses.flatMap((address) => ['--node', address])
    const listed = await plexus('govern', 'list', ...nodes, '--member', board, '--json')
    expect([listed.code, listed.lines()[0]]).toMatchObject([0, { member: board }])
    expect([examined.code, examined.lines().filter(({ weight }) => weight === 'wrong')]).toEqual([0, []])
  }, 180_000)

  test('whoever is handed its bundle checks it down to the votes of validators, and again without asking anybody', async () => {
    const bundle = join(folder, 'access.bundle')
    const votes = join(folder, 'access.votes')
    writeFileSync(bundle, bundles[0] ?? new Uint8Array(0))
    const checking = ['verify', bundle, '--genesis', join(data, 'genesis.cbor'), '--json']
    const unasked = await plexus(...checking)
    expect([unasked.code, unasked.err]).toEqual([1, expect.stringContaining('votes')])

    const nodes = apart.addresses.slice(0, members.length).flatMap((address) => ['--node', address])
    const asked = await plexus(...checking, ...nodes, '--votes', votes)
    const { ok, proven, notProven, votes: shown } = asked.lines()[0] as Record<string, readonly unknown[]>
    expect([asked.err, asked.code, ok]).toEqual(['', 0, true])
    expect(shown).toHaveLength(2)
    for (const each of shown ?? []) expect(each).toMatchObject({ validators: members.length, powerOfAll: '40' })
    expect(proven).toContainEqual(expect.stringContaining('the genesis document'))
    expect(proven).toContainEqual(expect.stringContaining('shows the same blocks'))

    const kept = await plexus(...checking, '--votes', votes)
    expect([kept.err, kept.code, kept.lines()[0]]).toMatchObject(['', 0, { ok: true, votes: shown }])
    expect(kept.lines()[0]?.['notProven']).toHaveLength((notProven?.length ?? 0) + 1)
  }, 60_000)

  test('a door that the patient closed is closed across processes', async () => {
    const grantee = { type: 'organisation', id: asker } as const
    const deny = { effect: 'deny', grantee, scope: { type: 'everything' }, purposes: [], until: null } as const
    const from = Math.floor(now())
    expect(await client.changeDirectives(custodian, [{ ...deny, from }])).toMatchObject({ ok: true })
    expect((await apart.ask(asker, visit, npi)).sources).toMatchObject([{ state: 'refused', code: 'directive-denies' }])
    expect(await client.openSpare(custodian)).toMatchObject({ ok: true })
    await eventually('the custodian to confirm the change, and to take the next', async () => {
      await client.fetch()
      return (await client.changeDirectives(custodian, [])).ok ? true : undefined
    })
  }, 120_000)

  test('a wallet reaches every member through one node, which can be another than its custodian’s: also when it comes back', async () => {
    const door = await apart.doorOf(sponsor)
    expect(await door.members()).toEqual([sponsor])
    const back = await apart.wallet(sponsor, board, { root: client.wallet.root })
    expect(await bringBack(back, bringBackDoor(door, sponsor), sponsor)).toEqual({
      ok: true,
      value: [{ custodian, directives: 0 }],
    })
    expect(whoLooked(back.wallet.state).map((look) => look.custodian)).toEqual([custodian, custodian])
    // Whoever is no member is refused here, and what is no note is refused there.
    const deliver = (member: string) => door.ask(`/v1/members/${member}/notes`, { octets: new Uint8Array(300) })
    expect(await deliver('nobody')).toMatchObject({ ok: false, reason: { type: 'member-not-here' } })
    expect(await deliver(custodian)).toMatchObject({ ok: false, reason: { type: 'note-not-sealed-to-us' } })
    expect(await door.json(`/v1/members/${custodian}/ledger`)).toMatchObject({ reason: { type: 'member-not-here' } })
  }, 120_000)

  test('whoever is killed is missed by nobody, comes back, and releases again', async () => {
    const killed = own.get(custodian)
    if (!killed) throw new Error('the custodian does not run')
    killed.child.kill('SIGKILL')
    await killed.ended
    const before = await apart.height(asker)
    await eventually('the others to go on', async () => ((await apart.height(asker)) > before + 1 ? true : undefined))
    own.set(custodian, (await startMember(data, custodian, port)).running)
    await eventually('the member to catch up', async () =>
      (await apart.height(custodian)) > before + 1 ? true : undefined,
    )
    const again = new Uint8Array(16).fill(8)
    expect(await client.checkIn(asker, again, [custodian], 3600)).toMatchObject({ ok: true })
    expect((await apart.ask(asker, toHex(again), npi)).sources).toMatchObject([{ custodian, state: 'complete' }])
    await apart.agree(members)
  }, 180_000)

  test('an organisation is voted in, begins from a snapshot with nothing but the members’ own connections, and signs blocks', async () => {
    const at = ['--address', `plexus://127.0.0.1:${port + 13}`, '--engine', `127.0.0.1:${port + 14}`]
    const joined = await plexus(
      ...['network', 'join', '--data', elsewhere, '--genesis', join(data, 'genesis.cbor'), '--member', newcomer],
      ...[...at, '--power', '3', '--sponsor', sponsor, '--json'],
    )
    expect([joined.err, joined.code]).toEqual(['', 0])
    expect(existsSync(join(elsewhere, newcomer, 'keys', 'member.secret'))).toBe(true)
    const beginning = ['network', 'begin', '--data', elsewhere, '--member', newcomer, '--json']
    const sources = ['--source', sponsor, '--source', asker]
    // Members answer nobody whom the ledger does not know.
    const early = await plexus(...beginning, ...sources)
    expect([early.code, early.err]).toEqual([1, expect.stringContaining('not-let-in')])
    await apart.decide([sponsor, custodian, asker], 'admit', String(joined.lines()[0]?.['file']))
    await eventually('a snapshot', async () =>
      readdirSync(join(data, sponsor, 'snapshots')).some((name) => /^\d+$/.test(name)) ? true : undefined,
    )
    const begun = await eventually('both to have the admission', async () => {
      const found = await plexus(...beginning, ...sources)
      return found.code === 0 ? found.lines()[0] : undefined
    })
    expect(begun).toMatchObject({ believed: 'genesis', asked: [sponsor, asker] })
    const words = begun['words'] as readonly string[]
    own.set(newcomer, (await startMember(elsewhere, newcomer, port + 4, words)).running)
    apart = new Apart(data, apart.addresses)
    const abreast = await apart.height(board)
    await eventually('the newcomer to catch up', async () =>
      (await apart.height(newcomer)) > abreast && (await apart.seat(newcomer))?.power === 3 ? true : undefined,
    )
    // It replayed nothing from before the snapshot.
    await expect(apart.door.must(`/v1/members/${newcomer}/ledger/blocks/2`)).rejects.toMatchObject({ code: 'pruned' })
    await apart.agree([...members, newcomer])
    const height = await apart.height(board)
    await proposes(newcomer, 'a block that the newcomer proposed')
    expect(await apart.height(newcomer)).toBeGreaterThanOrEqual(height)
  }, 180_000)

  test('its key for blocks is rotated, a parameter changes, a contract begins at a height, and it is removed', async () => {
    const voters = [sponsor, custodian, asker, board]
    const inElsewhere = new Apart(elsewhere, apart.addresses)
    const { key } = await inElsewhere.keys(newcomer, 'seat')
    await apart.decide(voters, 'validator', newcomer, String(key), '3')
    await restart(newcomer)
    await proposes(newcomer, 'a block that the new key proposed')

    await apart.decide(voters, 'parameter', 'intentSecondsMax', '200')
    expect((await apart.governance(sponsor)).policy.parameters['intentSecondsMax']).toBe(200)

    const height = (await apart.height(sponsor)) + 200
    await apart.decide(voters, 'activate', 'rebates', '1', String(height))
    // Each step is a block at least.
    while ((await apart.height(asker)) < height)
      await apart.govern(sponsor, 'address', `plexus://127.0.0.1:${port + 9}`)
    await eventually('the contract to begin', async () =>
      (await apart.governance(asker)).versions['rebates'] === 1 ? true : undefined,
    )

    await apart.decide(voters, 'remove', newcomer)
    // Whoever is asked may be a block behind the member that enacted it.
    const { validators } = await eventually('the removal at another member', async () => {
      const standing = await apart.governance(board)
      return standing.members.some(({ member, status }) => member === newcomer && status === 'removed')
        ? standing
        : undefined
    })
    expect(validators.map(({ member }) => member)).toEqual([...members])
    await apart.agree(members)
  }, 240_000)

  test('no engine of the others stays connected to that of whoever was removed, and blocks go on coming', async () => {
    const { engineAddress } = JSON.parse(readFileSync(join(elsewhere, newcomer, 'candidate.json'), 'utf8'))
    const [removed = ''] = String(engineAddress).split('@')
    const before = await apart.height(sponsor)
    for (const member of members)
      await eventually(`${member} to be without the removed engine`, async () =>
        (await enginesBeside(member)).includes(removed) ? undefined : true,
      )
    const height = await apart.height(sponsor)
    expect(height).toBeGreaterThan(before)
    await eventually('blocks to go on', async () => ((await apart.height(sponsor)) > height + 2 ? true : undefined))
    // All the time members have held their headers against each other's.
    const metrics = await fetch(`http://127.0.0.1:${port + members.indexOf(board)}/metrics`).then((answer) =>
      answer.text(),
    )
    expect(metrics).toMatch(/plexus_exchange_steps_total\{member="member-4",step="headers-compared-agrees"\} [1-9]/)
    expect(metrics).not.toMatch(/headers-compared-(?:contradicts|fork)/)
    await apart.agree(members)
  }, 300_000)

  /** The nodes that the engine beside a member is connected to, by its own word; rejects while it is down. */
  const enginesBeside = (member: string): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const asked = get({ socketPath: join(data, member, 'engine', 'rpc.sock'), path: '/net_info' }, async (answer) => {
        let text = ''
        for await (const part of answer) text += String(part)
        const { result } = JSON.parse(text) as {
          readonly result: { readonly peers: readonly { readonly node_info: { readonly id: string } }[] }
        }
        resolve(result.peers.map((peer) => peer.node_info.id))
      })
      asked.on('error', reject)
    })

  async function restart(member: string): Promise<void> {
    own.get(member)?.child.kill('SIGTERM')
    expect((await own.get(member)?.ended)?.code).toBe(0)
    own.set(member, (await startMember(elsewhere, member, port + 4)).running)
  }

  const proposerIn = (height: number) =>
    apart.door
      .must<{ readonly header: { readonly proposer: string } }>(`/v1/members/${board}/ledger/headers/${height}`)
      .then(({ header }) => header)

  /** Blocks are made, and each is looked at: with three votes of some forty a member proposes one in fourteen. */
  async function proposes(member: string, what: string): Promise<void> {
    let next = await apart.height(board)
    await eventually(what, async () => {
      // Whoever is behind misses its turn, and blocks that are made meanwhile put it further behind.
      if ((await apart.height(member)) + 1 < (await apart.height(board))) return undefined
      await apart.govern(sponsor, 'address', `plexus://127.0.0.1:${port + 9}`)
      const engine = await engineIdOf(member)
      for (const newest = await apart.height(board); next <= newest; next += 1)
        if ((await proposerIn(next)).proposer === engine) return true
      return undefined
    })
  }

  async function engineIdOf(member: string): Promise<string> {
    const { key = '' } = (await apart.seat(member)) ?? {}
    const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(Buffer.from(key, 'hex')))
    return toHex(new Uint8Array(digest).subarray(0, 20))
  }
})
