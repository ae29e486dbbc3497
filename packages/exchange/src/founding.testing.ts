/** Who is there before the first block of a test, and their keys. */
import { createHash } from 'node:crypto'
import { encode } from '@plexus/codec'
import { defaultPolicy, type MembersEvent, members, type NetworkPolicy } from '@plexus/contracts'
import { generateSealingKey, publicKeyOf } from '@plexus/crypto'
import { type Chain, foundChain } from '@plexus/kernel'

export const startsAt = 1_800_000_000
export const clinic = 'clinic'
export const hospital = 'hospital'
export const board = 'board'
/** An organisation that the hospital's node acts for. */
export const ward = 'ward'
export const npi = '1234567893'
export const patient = 'patient-1'

export const seedOf = (name: string): Uint8Array => new Uint8Array(createHash('sha256').update(name).digest())
export const clinicianSeed = seedOf('clinician')
export const memberSeed = (member: string): Uint8Array => seedOf(`member ${member}`)
export const sealingSeed = (member: string): Uint8Array => seedOf(`sealing ${member}`)
export const engineSeed = seedOf('engine')
export const names = [clinic, hospital, board] as const

export async function founded(parameters: Partial<NetworkPolicy['parameters']>): Promise<Chain> {
  const events: { contract: string; event: Uint8Array }[] = []
  const about = (event: MembersEvent) => events.push({ contract: members.name, event: encode(members.event, event) })
  for (const member of names) {
    const { publicKey } = await generateSealingKey(sealingSeed(member))
    about({ type: 'member-founded', member, address: 'local:', sealingKey: publicKey, owner: member })
    const key = publicKeyOf(memberSeed(member))
    const boardScopes = member === board ? (['licensing-board'] as const) : []
    const scopes = ['batches', 'credentials', 'custodian', 'governance', ...boardScopes, 'sponsor'] as const
    about({ type: 'key-registered', holder: member, key, scopes, next: null, height: 0 })
  }
  about({ type: 'tenant-registered', tenant: ward, host: hospital, height: 0 })
  about({
    type: 'key-registered',
    holder: ward,
    key: publicKeyOf(memberSeed(ward)),
    scopes: ['custodian'],
    next: null,
    height: 0,
  })
  about({ type: 'policy-set', ...defaultPolicy, parameters: { ...defaultPolicy.parameters, ...parameters } })
  const engine = { type: 'local' as const, sequencer: publicKeyOf(engineSeed) }
  return foundChain({ name: 'exchange-tests', time: startsAt, engine, founding: events })
}
