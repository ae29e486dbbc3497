/** What each contract is there for, as the steps through which one object goes: the same steps for every object of a round. */
import { compareBytes, encode } from '@plexus/codec'
import {
  dayAt,
  members,
  notary,
  type PackageMember,
  packageMember,
  practitioners,
  prescriptions,
  rebates,
  releases,
  type SupplyLicence,
  supply,
  whole,
} from '@plexus/contracts'
import { type MerkleTree, merklePath, merkleRoot, merkleTreeOfPacked } from '@plexus/crypto'
import { foundedAt } from '../engine/world.ts'
import { type Round, type Step, sponsorOf, step } from './world.ts'

/** One kind of step, for the object with this number; `time` is the block's. */
export interface Phase {
  readonly kind: string
  readonly of: (index: number, time: number) => Step
}

/** By contract. A later contract may go on with what an earlier one left. */
export type Life = (round: Round) => readonly Phase[]

export const notaryLife: Life = (round) => [
  {
    kind: 'open-handles',
    of: (index) => step(notary, { type: 'open-handles', handles: [round.key('handle', index).handle] }),
  },
  {
    kind: 'close-handle',
    of(index) {
      const { seed, handle } = round.key('handle', index)
      return step(notary, { type: 'close-handle', handle }, seed)
    },
  },
]

/** A tenant's key of custody comes and goes. */
const membersLife: Life = (round) => [
  {
    kind: 'register-key',
    of(index) {
      const { seed, key } = round.key('custody', index)
      const { handle: next } = round.key('custody next', index)
      const holder = sponsorOf(index).id
      return step(members, { type: 'register-key', holder, key, scopes: ['custodian'], next }, seed)
    },
  },
  {
    kind: 'revoke-key',
    of: (index) => step(members, { type: 'revoke-key', key: round.key('custody', index).key }),
  },
]

const validUntil = foundedAt + 365 * 86_400

const practitionersLife: Life = (round) => [
  {
    kind: 'attest-licence',
    of: (index) =>
      step(practitioners, { type: 'attest-licence', npi: round.npi(index), jurisdiction: 'NY', validUntil }),
  },
  {
    kind: 'attest-role',
    of(index) {
      const { key } = round.key('clinician', index)
      const organisation = sponsorOf(index).id
      return step(practitioners, { type: 'attest-role', npi: round.npi(index), organisation, role: '207Q00000X', key })
    },
  },
]

const daysValid = 90
const utc = { lagMinutes: 14 * 60 }

/** The prescriber's own dispensary: a pharmacy of one, in good standing. */
const dispensedBy = (round: Round, index: number) => ({
  dispensers: [{ organisation: sponsorOf(index).id, pharmacy: round.npi(index), pharmacists: [round.npi(index)] }],
})

/** A line with one refill: signed, filled, and held again for the refill, which `supply` dispenses. */
const prescriptionsLife: Life = (round) => {
  const item = (index: number) => round.key('item', index)
  const available = (type: 'make-available' | 'open-refill', fill: number) => (index: number) => {
    const { handle: claimant } = round.key(`claimant ${fill}`, index)
    return step(prescriptions, { type, handle: item(index).handle, claimant }, round.key('patient', index).seed)
  }
  const claim = (fill: number) => (index: number) => {
    const { handle: holder } = round.key(`holder ${fill}`, index)
    const { seed } = round.key(`claimant ${fill}`, index)
    return step(prescriptions, { type: 'claim', handle: item(index).handle, holder }, seed)
  }
  return [
    {
      kind: 'sign-items',
      of(index, time) {
        const issuedDay = dayAt(time, utc)
        const signed = {
          handle: item(index).handle,
          patient: round.key('patient', index).handle,
          content: round.hash('prescription', index),
          limits: 'none',
          issuedDay,
          firstDay: issuedDay,
          lastDay: issuedDay + daysValid,
          refills: 1,
          refillWeeks: 0,
        } as const
        return step(prescriptions, {
          type: 'sign-items',
          organisation: sponsorOf(index).id,
          registrar: null,
          prescribers: [round.npi(index)],
          dayLagMinutes: utc.lagMinutes,
          items: [signed],
        })
      },
    },
    { kind: 'make-available', of: available('make-available', 1) },
    { kind: 'claim', of: claim(1) },
    {
      kind: 'fill',
      of(index) {
        const { handle } = item(index)
        const record = round.hash('record of dispensing', index)
        const { handle: tag } = round.key('tag', index)
        const { seed } = round.key('holder 1', index)
        const fill = {
          type: 'fill',
          handle,
          level: whole,
          record,
          tag,
          remainder: null,
          ...dispensedBy(round, index),
        } as const
        return step(prescriptions, fill, seed)
      },
    },
    { kind: 'open-refill', of: available('open-refill', 2) },
    { kind: 'claim of a refill', of: claim(2) },
  ]
}

/** A discount on the first fill of the line: accrued, claimed, approved, paid. */
const rebatesLife: Life = (round) => {
  const record = (kind: string, index: number) => round.hash(`record of ${kind}`, index)
  const by = (
    type: 'claim' | 'validate' | 'approve' | 'settle',
    ...parties: readonly ('claimant' | 'payer')[]
  ): Phase => ({
    kind: type,
    of(index) {
      const { handle } = round.key('discount claimant', index)
      const seeds = parties.map((party) => round.key(`discount ${party}`, index).seed)
      return step(rebates, { type, handle, record: record(type, index) }, ...seeds)
    },
  })
  return [
    {
      kind: 'accrue',
      of(index) {
        const { seed, handle: tag } = round.key('tag', index)
        const { handle } = round.key('discount claimant', index)
        const { handle: payer } = round.key('discount payer', index)
        const content = record('accrual', index)
        return step(rebates, { type: 'accrue', handle, tag, programme: 'mfp', payer, content }, seed)
      },
    },
    by('claim', 'claimant'),
    by('validate', 'payer'),
    by('approve', 'payer'),
    by('settle', 'claimant', 'payer'),
  ]
}

const bottlesPerCase = 12

/** A case of bottles: made, shipped, received, one bottle taken out and dispensed as the refill of the line. */
const supplyLife: Life = (round) => {
  const grants = { maker: grantTo(round, 'maker'), dispenser: grantTo(round, 'dispenser') }
  const holder = (role: 'maker' | 'dispenser', index: number) => round.key(role, index)
  const label = (index: number) => round.hash('case', index)
  return [
    {
      kind: 'commission',
      of(index) {
        const { seed, handle } = holder('maker', index)
        const lot = round.key('lot', index).handle
        const lots = [{ handle: lot, label: round.hash('label', index), endsAt: validUntil }]
        const { contents } = caseOf(round, index)
        const packages = [{ tag: label(index), contents, lots: [lot] }]
        const licence = grants.maker.licenceOf(index)
        return step(supply, { type: 'commission', holder: handle, licence, lots, packages }, seed)
      },
    },
    {
      kind: 'ship',
      of(index) {
        const { handle: to } = holder('dispenser', index)
        const shipment = round.hash('shipment', index)
        return step(
          supply,
          { type: 'ship', shipment, tags: [label(index)], to, purpose: 'trade' },
          holder('maker', index).seed,
        )
      },
    },
    {
      kind: 'receive',
      of(index) {
        const shipment = round.hash('shipment', index)
        const licence = grants.dispenser.licenceOf(index)
        return step(
          supply,
          { type: 'receive', shipment, licence, missing: [], damaged: [], notes: [] },
          holder('dispenser', index).seed,
        )
      },
    },
    {
      kind: 'unpack',
      of(index) {
        const { leaves, bottles } = caseOf(round, index)
        const children = [{ member: bottles[0] as PackageMember, index: 0, path: merklePath(leaves, 0) }]
        return step(supply, { type: 'unpack', tag: label(index), children }, holder('dispenser', index).seed)
      },
    },
    {
      kind: 'dispense with a fill',
      of(index) {
        const bottle = caseOf(round, index).bottles[0] as PackageMember
        const { handle } = round.key('item', index)
        const record = round.hash('record of the refill', index)
        return step(
          supply,
          {
            type: 'dispense',
            tag: round.key('refill tag', index).handle,
            units: [{ tag: bottle.tag, rest: false }],
            fill: { handle, level: whole, record, remainder: null, ...dispensedBy(round, index) },
          },
          holder('dispenser', index).seed,
          round.key('holder 2', index).seed,
        )
      },
    },
  ]
}

function caseOf(round: Round, index: number) {
  const lots = [round.key('lot', index).handle]
  const bottles = Array.from({ length: bottlesPerCase }, (_, bottle) => ({
    tag: round.hash(`bottle ${bottle}`, index),
    contents: null,
    lots,
  })).sort((a, b) => compareBytes(a.tag, b.tag))
  const leaves = bottles.map((each) => encode(packageMember, each))
  return { bottles, leaves, contents: { root: merkleRoot(leaves), leaves: leaves.length } }
}

interface Grant {
  readonly role: 'maker' | 'dispenser'
  readonly tree: MerkleTree
  licenceOf(index: number): SupplyLicence
}

/** The keys of a round's partners in one role, in one tree. */
function grantTo(round: Round, role: Grant['role']): Grant {
  const packed = new Uint8Array(32 * round.objects)
  for (let index = 0; index < round.objects; index++) packed.set(round.key(role, index).handle, 32 * index)
  const tree = merkleTreeOfPacked(packed)
  return { role, tree, licenceOf: (index) => ({ grant: tree.root, index, path: tree.path(index) }) }
}

/** A line of one reviewer, the sponsor of the object after it: a release is announced, approved and withdrawn. */
const releasesLife: Life = (round) => {
  const digest = (index: number) => round.hash('build', index)
  const line = (index: number) => `line-${round.number}-${index}`
  return [
    {
      kind: 'open-line',
      of(index) {
        const { id, seed } = sponsorOf((index + 1) % round.objects)
        const said = { line: line(index), kind: 'package', reviewers: [id], threshold: 1 } as const
        return step(releases, { type: 'open-line', ...said }, seed)
      },
    },
    {
      kind: 'announce',
      of(index) {
        const version = { major: 1, minor: 0, patch: 0 }
        const said = {
          line: line(index),
          channel: 'stable',
          version,
          digest: digest(index),
          size: 1,
          activeFrom: 0,
        } as const
        return step(releases, { type: 'announce', ...said })
      },
    },
    {
      kind: 'approve',
      of(index) {
        const before = (index + round.objects - 1) % round.objects
        return step(releases, { type: 'approve', digest: digest(before), channel: 'stable' })
      },
    },
    {
      kind: 'withdraw',
      of: (index) => step(releases, { type: 'withdraw', digest: digest(index), reason: 'insecure' }),
    },
  ]
}

/** What an authority grants before a round: one step for each role. */
export const grantingSteps = (round: Round): readonly Step[] =>
  (['maker', 'dispenser'] as const).map((role) => {
    const { tree } = grantTo(round, role)
    return step(supply, { type: 'grant-keys', role, root: tree.root, leaves: tree.size, validUntil })
  })

/** All but the notary's, in the order in which one goes on with what another left. */
export const lives: readonly (readonly [contract: string, life: Life])[] = [
  [members.name, membersLife],
  [practitioners.name, practitionersLife],
  [prescriptions.name, prescriptionsLife],
  [rebates.name, rebatesLife],
  [supply.name, supplyLife],
  [releases.name, releasesLife],
]
