import { encode } from '@plexus/codec'
import { contracts, directory, members, type ReleasesTransaction, releases } from '@plexus/contracts'
import { frontierRoot, handleOf, publicKeyOf } from '@plexus/crypto'
import { createMachine, foundChain, memoryLedger, proveState, sealEnvelope } from '@plexus/kernel'
import { describe, expect, test } from 'vitest'
import { seedOf } from '../world.testing.ts'
import { checkSoftware, type ShownSoftware, type Software, softwareEntries } from './check.ts'

const publisher = 'maker'
const reviewers = ['clinic', 'hospital']
const founders = [publisher, ...reviewers]
const time = 1_800_000_000
const software: Software = { digest: seedOf('build 1.4.0'), channel: 'stable' }
const announcement = {
  type: 'announce',
  line: 'plexus-node',
  version: { major: 1, minor: 4, patch: 0 },
  size: 48_000_000,
  activeFrom: 6,
  ...software,
} as const

const founding = (event: Parameters<(typeof members.event)['write']>[1]) => ({
  contract: members.name,
  event: encode(members.event, event),
})

/** A ledger with one line, and what it shows of the software; each step is a block of its own, from 1 on. */
function ledgerWith(...steps: readonly (readonly [by: string, transaction: ReleasesTransaction])[]) {
  const { name: contract, version } = releases
  const chain = foundChain({
    name: 'test',
    time,
    engine: { type: 'local', sequencer: publicKeyOf(seedOf('orderer')) },
    founding: [
      ...founders.flatMap((member) => [
        founding({
          type: 'member-founded',
          member,
          address: `https://${member}.example`,
          sealingKey: new Uint8Array(1216),
          owner: member,
        }),
        founding({
          type: 'key-registered',
          holder: member,
          key: publicKeyOf(seedOf(member)),
          scopes: ['governance', 'sponsor'],
          next: handleOf(publicKeyOf(seedOf(`next of ${member}`))),
          height: 0,
        }),
      ]),
      founding({ type: 'contract-activated', contract, version, height: 0 }),
    ],
  })
  const machine = createMachine({ chain, contracts, directory })
  const { reader, commit } = memoryLedger(machine)
  const opening = { type: 'open-line', line: 'plexus-node', kind: 'package', reviewers, threshold: 2 } as const
  for (const [at, [sponsor, transaction]] of [[publisher, opening] as const, ...steps].entries()) {
    const envelope = sealEnvelope(
      {
        chain: chain.id,
        sponsor,
        nonce: new Uint8Array(16).fill(at),
        validUntil: time + 60,
        contract,
        transaction: encode(releases.transaction, transaction),
      },
      at === 0 ? founders.map(seedOf) : [seedOf(sponsor)],
    )
    const applied = machine.apply(reader, { height: at + 1, time, transactions: [envelope] })
    expect(applied.outcomes).toMatchObject([{ code: 0 }])
    commit(applied)
  }
  const tip = reader.tip()
  if (!tip) throw new Error('the ledger is not founded')
  const show = (key: string) => {
    const { stateRoot } = tip
    const historyRoot = frontierRoot({ size: tip.height, peaks: tip.history })
    return { stateRoot, historyRoot, key, value: reader.get(key) ?? null, proof: proveState(reader, stateRoot, key) }
  }
  const shownOf = (of: Software): ShownSoftware => {
    const { build, release } = softwareEntries(of)
    return { build: show(build), release: show(release) }
  }
  // The header of the block that comes next carries what this state hashes to.
  return { header: { height: tip.height + 1, appHash: tip.appHash }, shownOf }
}

const approval = { type: 'approve', ...software } as const
const approved = [
  [publisher, announcement],
  ['clinic', approval],
  ['hospital', approval],
] as const
const nothing = [
  publisher,
  { ...announcement, digest: seedOf('another'), version: { major: 2, minor: 0, patch: 0 } },
] as const
const withdrawn = [publisher, { type: 'withdraw', digest: software.digest, reason: 'insecure' }] as const

describe('software, by proofs under one header', () => {
  test('stands at each height as the ledger had it: announced, approved, active from its height on, withdrawn', () => {
    const others = (patch: number) =>
      [publisher, { ...announcement, digest: seedOf(`${patch}`), version: { major: 2, minor: 0, patch } }] as const
    const { header, shownOf } = ledgerWith(...approved, others(1), others(2), withdrawn)
    const at = (height: number) => checkSoftware(header, shownOf(software), { ...software, height })
    expect([1, 2, 3, 4, 5, 6, 7].map(at)).toEqual(
      ['unknown', 'announced', 'announced', 'approved', 'approved', 'active', 'withdrawn'].map((value) => ({
        ok: true,
        value,
      })),
    )
    expect(at(8)).toEqual({ ok: false, reason: { type: 'not-yet', heightMax: 7 } })
  })

  test('that was never announced, or on another channel, is shown to be unknown', () => {
    const { header, shownOf } = ledgerWith(...approved)
    for (const other of [
      { ...software, digest: seedOf('a build that nobody announced') },
      { ...software, channel: 'candidate' } as const,
    ])
      expect(checkSoftware(header, shownOf(other), { ...other, height: 4 })).toEqual({ ok: true, value: 'unknown' })
  })

  test('is not believed by entries of other software, by another value, or under another header', () => {
    const { header, shownOf } = ledgerWith(...approved, nothing)
    const shown = shownOf(software)
    const other = { ...software, digest: seedOf('another') }
    const later = ledgerWith(...approved, nothing, withdrawn)
    const refused = (by: ShownSoftware, under = header, of = software) => checkSoftware(under, by, { ...of, height: 4 })
    expect(refused(shown, header, other)).toEqual({ ok: false, reason: { type: 'not-shown', entry: 'build' } })
    expect(refused(shown, later.header)).toEqual({ ok: false, reason: { type: 'not-shown', entry: 'build' } })
    expect(refused({ ...shown, release: { ...shown.release, value: null } })).toEqual({
      ok: false,
      reason: { type: 'not-shown', entry: 'release' },
    })
  })
})
