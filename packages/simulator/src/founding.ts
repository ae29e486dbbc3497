/** Who is there before the first block: members, tenants, clinicians, patients with small charts, and the chain that names them. */
import { encode, utf8 } from '@plexus/codec'
import { defaultPolicy, type MembersEvent, members, type NetworkPolicy, npiOf, practitioners } from '@plexus/contracts'
import { generateSealingKey, handleOf, publicKeyOf, sha256 } from '@plexus/crypto'
import type { IncomingRecord } from '@plexus/exchange'
import { type Chain, foundChain } from '@plexus/kernel'
import { type Segment, segments } from '@plexus/policy'
import type { Chance } from './chance.ts'

export interface FoundedMember {
  readonly name: string
  readonly seed: Uint8Array
  readonly sealingSeed: Uint8Array
  readonly blindingKey: Uint8Array
  readonly masterKey: Uint8Array
  readonly tenants: readonly { readonly id: string; readonly seed: Uint8Array }[]
}

export interface Clinician {
  readonly npi: string
  readonly organisation: string
  readonly seed: Uint8Array
}

export interface FoundedPatient {
  /** Stands in no statement and in no byte of the ledger. */
  readonly id: string
  readonly charts: ReadonlyMap<string, readonly IncomingRecord[]>
  readonly enrolsLate: boolean
  readonly root: Uint8Array
}

export interface Founding {
  readonly chain: Chain
  readonly sequencerSeed: Uint8Array
  readonly members: readonly FoundedMember[]
  /** Attests licences; the last member. */
  readonly board: string
  /** Members and tenants that keep charts. */
  readonly custodians: readonly string[]
  /** Members whose clinicians ask. */
  readonly requesters: readonly string[]
  /** A tenant that is no part of the genesis and joins in the middle; its host is the second member. */
  readonly joining: { readonly id: string; readonly seed: Uint8Array; readonly host: string } | null
  readonly clinicians: readonly Clinician[]
  readonly patients: readonly FoundedPatient[]
  readonly policy: NetworkPolicy
}

/** Seconds since 1970 at which every world begins: some minutes before a day ends, so that daily counts are posted. */
export const beginsAt = 1_900_022_400 - 180

/** The key that follows a member's: derived, so that a world draws no more than it did. */
export const nextSeedOf = (seed: Uint8Array): Uint8Array => sha256(seed)

const memberScopes = ['batches', 'credentials', 'custodian', 'governance', 'sponsor'] as const
const membersMost = 6
const patientsMost = 3
const recordsMost = 30

export async function found(
  chance: Chance,
  policy: Partial<NetworkPolicy['parameters']> & { readonly profile: NetworkPolicy['profile'] },
  patientsLeast: number,
  tenantJoins: boolean,
): Promise<Founding> {
  const count = chance.between(3, membersMost)
  const founded = Array.from({ length: count }, (_, index): FoundedMember => {
    const name = `member-${index + 1}`
    const hosts = index > 0 && chance.happens(0.4)
    return {
      name,
      seed: chance.bytes(32),
      sealingSeed: chance.bytes(32),
      blindingKey: chance.bytes(32),
      masterKey: chance.bytes(32),
      tenants: hosts ? [{ id: `tenant-${index + 1}`, seed: chance.bytes(32) }] : [],
    }
  })
  const board = `member-${count}`
  const keepers = founded.slice(1)
  const host = tenantJoins ? keepers[0] : undefined
  const joining = host ? { id: 'tenant-late', seed: chance.bytes(32), host: host.name } : null
  const custodians = keepers.flatMap(({ name, tenants }) => [name, ...tenants.map(({ id }) => id)])
  const requesters = ['member-1', ...(count > 3 ? ['member-2'] : [])]
  const clinicians = requesters.map(
    (organisation): Clinician => ({ npi: mintNpi(chance), organisation, seed: chance.bytes(32) }),
  )
  const sequencerSeed = chance.bytes(32)
  const { profile, ...parameters } = policy
  const networkPolicy = { ...defaultPolicy, profile, parameters: { ...defaultPolicy.parameters, ...parameters } }
  const events: { contract: string; event: Uint8Array }[] = []
  const add = (event: MembersEvent) => events.push({ contract: members.name, event: encode(members.event, event) })
  for (const { name, seed, sealingSeed } of founded) {
    const { publicKey } = await generateSealingKey(sealingSeed)
    add({ type: 'member-founded', member: name, address: 'local:', sealingKey: publicKey, owner: name })
    const scopes = name === board ? [...memberScopes, 'licensing-board' as const].sort() : [...memberScopes]
    const next = handleOf(publicKeyOf(nextSeedOf(seed)))
    add({ type: 'key-registered', holder: name, key: publicKeyOf(seed), scopes, next, height: 0 })
  }
  for (const { name, tenants } of founded) {
    for (const { id, seed } of tenants) {
      add({ type: 'tenant-registered', tenant: id, host: name, height: 0 })
      const key = publicKeyOf(seed)
      add({ type: 'key-registered', holder: id, key, scopes: ['custodian'], next: null, height: 0 })
    }
  }
  add({ type: 'policy-set', ...networkPolicy })
  for (const { npi, organisation, seed } of clinicians) {
    const attest = (event: Parameters<typeof encodeAttestation>[0]) =>
      events.push({ contract: practitioners.name, event: encodeAttestation(event) })
    attest({ type: 'licence-attested', npi, board, jurisdiction: 'MA', validUntil: beginsAt + 86_400 * 365, height: 0 })
    attest({ type: 'role-attested', npi, organisation, role: 'physician', key: publicKeyOf(seed), height: 0 })
  }
  const chain = foundChain({
    name: 'simulated',
    time: beginsAt,
    engine: { type: 'local', sequencer: publicKeyOf(sequencerSeed) },
    founding: events,
  })
  const patients = Array.from({ length: chance.between(patientsLeast, patientsMost) }, () =>
    patientOf(chance, custodians, joining?.id),
  )
  return {
    chain,
    sequencerSeed,
    members: founded,
    board,
    custodians,
    requesters,
    joining,
    clinicians,
    patients,
    policy: networkPolicy,
  }
}

const encodeAttestation = (
  event: Parameters<typeof encode<Parameters<typeof practitioners.event.write>[1]>>[1],
): Uint8Array => encode(practitioners.event, event)

function mintNpi(chance: Chance): string {
  return npiOf(`1${Array.from({ length: 8 }, () => chance.below(10)).join('')}`)
}

function patientOf(chance: Chance, custodians: readonly string[], joining: string | undefined): FoundedPatient {
  const id = `mrn-${hexOf(chance, 8)}`
  let left = chance.between(3, recordsMost)
  const charts = new Map<string, readonly IncomingRecord[]>()
  for (const custodian of [...chance.some(custodians), ...(joining === undefined ? [] : [joining])]) {
    const count = Math.min(left, chance.between(1, 12))
    left -= count
    if (count > 0)
      charts.set(
        custodian,
        Array.from({ length: count }, (_, index) => recordOf(chance, { patient: id, number: index + 1 })),
      )
  }
  return { id, charts, enrolsLate: chance.happens(0.2), root: chance.bytes(32) }
}

const hexOf = (chance: Chance, bytes: number): string =>
  Array.from(chance.bytes(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')

const shapes = [
  'AllergyIntolerance',
  'Condition',
  'Encounter',
  'MedicationRequest',
  'Observation',
  'Procedure',
] as const

/** A resource of a few members; its code and its text are nobody else's, so that a scan finds them wherever they leak to. */
export function recordOf(
  chance: Chance,
  { patient, number, source }: { readonly patient: string; readonly number: number; readonly source?: string },
): IncomingRecord {
  const resourceType = source?.split('/')[0] ?? chance.pick(shapes)
  const segment: Segment = chance.happens(0.8) ? 'general' : chance.pick(segments)
  const code = `code-${hexOf(chance, 6)}`
  const coding = { system: 'http://example.org/codes', code }
  const name = source ?? `${resourceType}/${number}-${hexOf(chance, 4)}`
  const resource = {
    resourceType,
    id: name.slice(resourceType.length + 1),
    subject: { reference: `Patient/${patient}` },
    status: 'active',
    ...(resourceType === 'MedicationRequest'
      ? { intent: 'order', medicationCodeableConcept: { coding: [coding], text: code } }
      : { code: { coding: [coding], text: code } }),
  }
  return {
    source: name,
    segment,
    resourceType,
    codes: [coding],
    contentType: 'application/fhir+json',
    bytes: utf8(JSON.stringify(resource)),
    enteredInError: false,
  }
}
