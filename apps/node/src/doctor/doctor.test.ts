import { no, ok } from '@plexus/codec'
import type { ProbeRefusal } from '@plexus/peers'
import { expect, test } from 'vitest'
import { examine } from './doctor.ts'
import type { DoctorFacts, EngineFacts, LedgerFacts, PeerFacts } from './facts.ts'
import { type Finding, meanings } from './findings.ts'

const clock = 1_800_000_000
const day = 86_400
const chain = new Uint8Array(32).fill(1)
const status = { chain, member: 'birch', height: 100, blockTime: clock - 2, clock, version: '0.1.0' }

const birch: PeerFacts = { member: 'birch', transportKeys: 1, probe: ok({ status, seconds: 0.01 }) }
const engine: EngineFacts = {
  addressKnown: true,
  nodeKeyEqual: true,
  seatKeyEqual: true,
  keyMisbehaved: false,
  watches: false,
}
const ledger: LedgerFacts = {
  height: 100,
  beginning: 0,
  time: clock - 2,
  status: 'active',
  address: 'plexus://alder.example:7443',
  signingKey: { status: 'active', scopes: ['batches', 'sponsor'], since: clock - day },
  transportKey: { status: 'active', scopes: ['transport'], since: clock - day },
  sealingKeyEqual: true,
  engine,
  seatedThoughMisbehaved: [],
}
const well: DoctorFacts = {
  member: 'alder',
  clock,
  chain,
  genesis: null,
  folderThere: true,
  running: true,
  diskFreeBytes: 2 ** 40,
  layout: [],
  secretsMissing: [],
  successorsBeside: [],
  ledgerFault: null,
  forks: [],
  ledger,
  self: birch.probe,
  peers: [birch],
}

const peerThat = (type: ProbeRefusal['type']): Partial<DoctorFacts> => ({
  peers: [
    {
      ...birch,
      probe: no(type === 'other-key' ? { type, key: null, holder: null } : { type }),
    },
  ],
})
const withLedger = (changed: Partial<LedgerFacts>): Partial<DoctorFacts> => ({ ledger: { ...ledger, ...changed } })
const peerAt = (changed: Partial<typeof status>): Partial<DoctorFacts> => ({
  peers: [{ ...birch, probe: ok({ status: { ...status, ...changed }, seconds: 0.01 }) }],
})

/** For each finding, what is otherwise than in a node that is well. The compiler asks for every one. */
const sick: { readonly [Type in Finding['type']]: Partial<DoctorFacts> } = {
  'genesis-missing': { genesis: 'missing', ledger: null, self: null, peers: [] },
  'genesis-malformed': { genesis: 'malformed', ledger: null, self: null, peers: [] },
  'member-folder-missing': { folderThere: false, ledger: null, self: null, peers: [] },
  'node-not-running': { running: false },
  'disk-full': { diskFreeBytes: 2 ** 30 - 1 },
  'disk-nearly-full': { diskFreeBytes: 2 ** 30 },
  'layout-wrong': { layout: [{ where: 'keys/member.secret', what: 'can be read by others than its owner' }] },
  'secret-missing': { secretsMissing: ['journal'] },
  'successor-beside': { successorsBeside: ['member-next'] },
  'ledger-does-not-open': { ledgerFault: 'damaged', ledger: null, self: null, peers: [] },
  'checkpoints-missing': withLedger({ beginning: 90 }),
  'fork-stands': { forks: ['fork-12-birch.evidence'] },
  'member-unknown': withLedger({ status: null, address: null }),
  'member-not-active': withLedger({ status: 'suspended' }),
  'signing-key-not-active': withLedger({ signingKey: { ...ledger.signingKey, status: 'revoked' } }),
  'transport-key-not-registered': withLedger({ transportKey: { status: 'none', scopes: [], since: null } }),
  'transport-key-not-active': withLedger({ transportKey: { ...ledger.transportKey, status: 'revoked' } }),
  'sealing-key-differs': withLedger({ sealingKeyEqual: false }),
  'signing-key-old': withLedger({ signingKey: { ...ledger.signingKey, since: clock - 91 * day } }),
  'transport-key-old': withLedger({ transportKey: { ...ledger.transportKey, since: clock - 91 * day } }),
  'engine-address-missing': withLedger({ engine: { ...engine, addressKnown: false, seatKeyEqual: null } }),
  'engine-key-differs': withLedger({ engine: { ...engine, nodeKeyEqual: false, seatKeyEqual: null } }),
  'seat-key-differs': withLedger({ engine: { ...engine, seatKeyEqual: false } }),
  'engine-watches': withLedger({ engine: { ...engine, watches: true } }),
  'seat-key-misbehaved': withLedger({ engine: { ...engine, keyMisbehaved: true } }),
  'peer-seated-though-misbehaved': withLedger({ seatedThoughMisbehaved: ['birch'] }),
  'clock-behind-block': withLedger({ time: clock + 3 }),
  'clock-differs': peerAt({ clock: clock - 60 }),
  'block-old': withLedger({ time: clock - 16 }),
  'address-malformed': withLedger({ address: 'https://alder.example' }),
  'address-local': { ...withLedger({ address: 'local:' }), self: null },
  'own-address-not-reached': { self: no({ type: 'unreachable' }) },
  'behind-peers': peerAt({ height: 151 }),
  'peer-address-malformed': peerThat('address-malformed'),
  'peer-unresolved': peerThat('unresolved'),
  'peer-unreachable': peerThat('unreachable'),
  'peer-timed-out': peerThat('timed-out'),
  'peer-handshake-failed': peerThat('handshake-failed'),
  'peer-other-key': peerThat('other-key'),
  'peer-not-letting-in': peerThat('not-let-in'),
  'peer-status-malformed': peerThat('status-malformed'),
  'peer-without-key': {
    peers: [{ ...birch, transportKeys: 0, probe: no({ type: 'other-key', key: null, holder: null }) }],
  },
  'peer-of-another-chain': peerAt({ chain: new Uint8Array(32) }),
  'peer-of-another-version': peerAt({ version: '0.2.0' }),
}

const typesIn = (facts: DoctorFacts): readonly string[] => examine(facts, '0.1.0').map(({ finding }) => finding.type)

test('nothing is found in a node that is well', () => {
  expect(typesIn(well)).toEqual([])
})

test.each(Object.entries(sick))('%s is found where it is, and nothing else with it', (type, changed) => {
  expect(typesIn({ ...well, ...changed })).toEqual([type])
})

test('at the bounds nothing is found yet', () => {
  const bounds: readonly Partial<DoctorFacts>[] = [
    { diskFreeBytes: 10 * 2 ** 30 },
    withLedger({ time: clock + 2 }),
    withLedger({ time: clock - 15 }),
    withLedger({ signingKey: { ...ledger.signingKey, since: clock - 90 * day } }),
    peerAt({ height: 150 }),
    peerAt({ clock: clock - 2 }),
  ]
  for (const changed of bounds) expect(typesIn({ ...well, ...changed })).toEqual([])
})

test('of several clocks the middle one counts: one peer that is wrong makes nobody else so', () => {
  const wrong: PeerFacts = { ...birch, member: 'cedar', probe: ok({ status: { ...status, clock: 0 }, seconds: 0.01 }) }
  expect(typesIn({ ...well, peers: [birch, wrong, birch] })).toEqual([])
  expect(typesIn({ ...well, peers: [wrong, birch, wrong] })).toEqual(['clock-differs'])
})

test('every finding says a sentence, and what to do', () => {
  for (const [type, changed] of Object.entries(sick)) {
    const [told] = examine({ ...well, ...changed }, '0.1.0')
    expect(told?.says, type).toMatch(/^\S.*\.$/)
    expect(told?.says, type).not.toContain('undefined')
    expect(told?.advice, type).toMatch(/^\S.*\.$/)
  }
  expect(Object.keys(sick)).toHaveLength(Object.keys(meanings).length)
})
