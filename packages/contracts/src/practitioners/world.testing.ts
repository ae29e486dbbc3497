import { members } from '../members/index.ts'
import { hostOf } from '../members/queries.ts'
import type { ContractWorld, Proposal, World } from '../world.testing.ts'
import { type PractitionersTransaction, practitioners } from './index.ts'

/** Two valid NPIs, and one whose check digit is wrong. */
const npis = ['1234567893', '1245319599', '1234567893', '1245319599', '1234567890'] as const

/** Stands from the founding on, at the first member and, registered, at another organisation. */
const founded = { npi: '1003000126', key: new Uint8Array(32).fill(200), height: 0 }
const foundedUntil = 4_000_000_000

export const contractWorld: ContractWorld = {
  founding: ({ members: [first = ''] }) => [
    {
      type: 'licence-attested',
      npi: founded.npi,
      board: first,
      jurisdiction: 'CT',
      validUntil: foundedUntil,
      height: 0,
    },
    ...[first, 'grove'].map((organisation) => ({
      type: 'role-attested',
      organisation,
      role: '207R00000X',
      ...founded,
    })),
  ],
  propose(world) {
    if (world.random.oneIn(16)) return askItself(world)
    return world.random.oneIn(2) ? proposeLicence(world) : proposeRole(world)
  },
}

function proposeLicence(world: World): Proposal<PractitionersTransaction> {
  const { random, boardKeys, time } = world
  const npi = random.pick(npis)
  const validUntil = time - 50 + random.below(200)
  const attest = { type: 'attest-licence', npi, jurisdiction: random.pick(['CT', 'NY']), validUntil } as const
  const known = world.view(practitioners).licences.get(npi)
  return {
    transaction: random.oneIn(known ? 5 : 2) ? attest : { type: turn(random, known, 'licence'), npi },
    sponsor: world.someMember(),
    signers: random.oneIn(8) ? boardKeys : [random.pick(boardKeys)],
  }
}

/** Nobody asks this but other contracts. */
function askItself(world: World): Proposal<PractitionersTransaction> {
  const transaction = { type: 'require-standing', organisation: 'grove', npis: [founded.npi] } as const
  return { transaction, sponsor: world.someMember(), signers: [] }
}

function proposeRole(world: World): Proposal<PractitionersTransaction> {
  const { random, members: ids, organisations, identities } = world
  const npi = random.pick(npis)
  const organisation = random.oneIn(4) ? random.pick(organisations) : (ids[0] as string)
  const attest = {
    type: 'attest-role',
    npi,
    organisation,
    role: '207R00000X',
    key: random.pick(identities).key,
  } as const
  const known = world.view(practitioners).roles.get(`${npi}/${organisation}`)
  const host = hostOf(world.view(members), organisation)
  const sponsor = host && !random.oneIn(8) ? host : world.someMember()
  return {
    transaction: random.oneIn(known ? 5 : 2) ? attest : { type: turn(random, known, 'role'), npi, organisation },
    sponsor,
    signers: world.keysOf(sponsor, 'credentials').slice(0, 1),
  }
}

/** The step that changes something, or, one time in three, the other. */
function turn<Of extends 'licence' | 'role'>(
  random: World['random'],
  known: { readonly status: string } | undefined,
  of: Of,
): `suspend-${Of}` | `reinstate-${Of}` {
  return (known?.status === 'suspended') === random.oneIn(3) ? `suspend-${of}` : `reinstate-${of}`
}
