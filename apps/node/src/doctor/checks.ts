/** What is wrong, from the facts alone: one function a check, in the order in which a person would ask. */
import { equalBytes } from '@plexus/codec'
import { type ProbeRefusal, readAddress } from '@plexus/peers'
import type { DoctorFacts, KeyFacts, PeerFacts } from './facts.ts'
import type { Finding } from './findings.ts'

const gibibyte = 2 ** 30
/** As the alert `DiskNearlyFull` has it; and room for a few minutes of writing. */
const diskBytesLow = 10 * gibibyte
const diskBytesLeast = gibibyte
/** A key is rotated four times a year. */
const keyDaysMax = 90
const secondsPerDay = 86_400
/** Custodians release nothing on an older block (policy `blockAgeSecondsMax`). */
const blockSecondsMax = 15
/** Between two clocks that are kept by NTP lies far less. */
const clockSecondsMax = 2
/** As the alert `ReplicaBehind` has it. */
const blocksBehindMax = 50

type Check = (facts: DoctorFacts, version: string) => readonly Finding[]

export const checks: Readonly<Record<string, Check>> = {
  directory({ genesis, folderThere, running, diskFreeBytes, layout, ledgerFault, ledger, forks }) {
    if (genesis) return [{ type: `genesis-${genesis}` }]
    if (!folderThere) return [{ type: 'member-folder-missing' }]
    const found: Finding[] = layout.map((each) => ({ type: 'layout-wrong', ...each }))
    if (!running) found.push({ type: 'node-not-running' })
    if (diskFreeBytes < diskBytesLeast) found.push({ type: 'disk-full', freeBytes: diskFreeBytes })
    else if (diskFreeBytes < diskBytesLow) found.push({ type: 'disk-nearly-full', freeBytes: diskFreeBytes })
    if (ledgerFault !== null) found.push({ type: 'ledger-does-not-open', fault: ledgerFault })
    if (ledger && ledger.beginning > 0) found.push({ type: 'checkpoints-missing', block: ledger.beginning })
    found.push(...forks.map((file) => ({ type: 'fork-stands', file }) as const))
    return found
  },

  keys({ secretsMissing, successorsBeside, ledger, clock }) {
    const found: Finding[] = [
      ...secretsMissing.map((name) => ({ type: 'secret-missing', name }) as const),
      ...successorsBeside.map((name) => ({ type: 'successor-beside', name }) as const),
    ]
    if (!ledger) return found
    if (ledger.status === null) return [...found, { type: 'member-unknown' }]
    if (ledger.status !== 'active') found.push({ type: 'member-not-active', status: ledger.status })
    const { signingKey, transportKey, sealingKeyEqual } = ledger
    if (!secretsMissing.includes('member')) {
      if (signingKey.status !== 'active') found.push({ type: 'signing-key-not-active', status: signingKey.status })
      else if (daysOf(signingKey, clock) > keyDaysMax)
        found.push({ type: 'signing-key-old', days: daysOf(signingKey, clock) })
    }
    if (!secretsMissing.includes('transport')) found.push(...transportFindings(transportKey, clock))
    if (!secretsMissing.includes('sealing') && !sealingKeyEqual) found.push({ type: 'sealing-key-differs' })
    return found
  },

  clock({ clock, ledger, running, peers }) {
    const found: Finding[] = []
    if (ledger) {
      const behind = Math.ceil(ledger.time - clock)
      if (behind > clockSecondsMax) found.push({ type: 'clock-behind-block', seconds: behind })
      const age = Math.floor(clock - ledger.time)
      if (running && age > blockSecondsMax) found.push({ type: 'block-old', seconds: age })
    }
    const offs = answers(peers).map(({ status, seconds }) => Math.round(clock - seconds / 2 - status.clock))
    const off = offs.sort((a, b) => a - b)[Math.floor(offs.length / 2)] ?? 0
    if (Math.abs(off) > clockSecondsMax) found.push({ type: 'clock-differs', seconds: Math.abs(off) })
    return found
  },

  address({ ledger, running, self }) {
    const address = ledger?.address
    if (address === null || address === undefined) return []
    const read = readAddress(address)
    if (!read.ok) return [{ type: 'address-malformed', address }]
    if (read.value.type === 'local') return [{ type: 'address-local' }]
    return running && self?.ok === false ? [{ type: 'own-address-not-reached', refusal: self.reason.type }] : []
  },

  engine({ ledger }) {
    const found: Finding[] = (ledger?.seatedThoughMisbehaved ?? []).map((peer) => ({
      type: 'peer-seated-though-misbehaved',
      peer,
    }))
    const engine = ledger?.engine
    if (!engine) return found
    if (!engine.addressKnown) found.push({ type: 'engine-address-missing' })
    if (!engine.nodeKeyEqual) found.push({ type: 'engine-key-differs' })
    if (engine.watches) found.push({ type: 'engine-watches' })
    if (engine.keyMisbehaved) found.push({ type: 'seat-key-misbehaved' })
    else if (engine.seatKeyEqual === false) found.push({ type: 'seat-key-differs' })
    return found
  },

  peers({ peers, chain, ledger }, version) {
    const found = peers.flatMap((peer) => findingsOf(peer, chain, version))
    const furthest = Math.max(0, ...answers(peers).map(({ status }) => status.height))
    const blocks = furthest - (ledger?.height ?? furthest)
    return blocks > blocksBehindMax ? [...found, { type: 'behind-peers', blocks }] : found
  },
}

function transportFindings(key: KeyFacts, clock: number): readonly Finding[] {
  if (key.status === 'none') return [{ type: 'transport-key-not-registered' }]
  if (key.status !== 'active') return [{ type: 'transport-key-not-active', status: key.status }]
  if (!key.scopes.includes('transport')) return [{ type: 'transport-key-not-active', status: 'without the scope' }]
  const days = daysOf(key, clock)
  return days > keyDaysMax ? [{ type: 'transport-key-old', days }] : []
}

const daysOf = ({ since }: KeyFacts, clock: number): number =>
  since === null ? 0 : Math.floor((clock - since) / secondsPerDay)

const answers = (peers: readonly PeerFacts[]) => peers.flatMap(({ probe }) => (probe.ok ? [probe.value] : []))

function findingsOf(
  { member: peer, transportKeys, probe }: PeerFacts,
  chain: Uint8Array | null,
  ours: string,
): readonly Finding[] {
  if (!probe.ok) {
    // Somebody answers, and no key could be right.
    if (transportKeys === 0) return [{ type: 'peer-without-key', peer }]
    const type = peerFindings[probe.reason.type]
    return type === null ? [] : [{ type, peer }]
  }
  const { status } = probe.value
  if (chain && !equalBytes(status.chain, chain)) return [{ type: 'peer-of-another-chain', peer }]
  return status.version === ours ? [] : [{ type: 'peer-of-another-version', peer, version: status.version }]
}

/** What the end of the way to a peer means; null where it is nothing to be told. */
const peerFindings = {
  'member-unknown': null,
  'address-local': null,
  'address-malformed': 'peer-address-malformed',
  unresolved: 'peer-unresolved',
  unreachable: 'peer-unreachable',
  'timed-out': 'peer-timed-out',
  'handshake-failed': 'peer-handshake-failed',
  'other-key': 'peer-other-key',
  'not-let-in': 'peer-not-letting-in',
  'status-malformed': 'peer-status-malformed',
} as const satisfies Readonly<Record<ProbeRefusal['type'], string | null>>
