/** Who may ask for charts in a member's name, from a terminal: a board attests licences, a member the roles of its own people. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { keyOfSeed, type PractitionersTransaction } from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import type { NodeDoor } from './node-door.ts'
import { Refused, type Screen } from './screen.ts'
import { Acting, type ActingOptions, readSeed } from './signing.ts'

export const clinicianActs = [
  'employ',
  'suspend',
  'reinstate',
  'licence',
  'suspend-licence',
  'reinstate-licence',
] as const
export type ClinicianAct = (typeof clinicianActs)[number]

export interface ClinicianOptions extends ActingOptions {
  /** For `employ`: the code of the role. */
  readonly role: string
  /** For `employ`: the organisation of the member that employs; the member itself unless told. */
  readonly organisation?: string
  /** For `licence`: two capital letters, and the last day. */
  readonly jurisdiction?: string
  readonly until?: string
}

const seedBytes = 32

export async function clinician(
  door: NodeDoor,
  act: ClinicianAct,
  npi: string,
  options: ClinicianOptions,
  screen: Screen,
): Promise<void> {
  const acting = await Acting.as(door, options)
  const { height } = await acting.attest(transactionOf(act, npi, acting, options))
  screen.give({ member: acting.member, did: act, npi, height })
  screen.say(`${acting.member}: ${act} ${npi} is in block ${height}.`)
  if (act === 'employ') screen.say(`A passkey for the pages: plexus passkey --npi ${npi} --member ${acting.member}`)
}

function transactionOf(
  act: ClinicianAct,
  npi: string,
  acting: Acting,
  { role, organisation = acting.member, jurisdiction, until }: ClinicianOptions,
): PractitionersTransaction {
  switch (act) {
    case 'employ':
      return { type: 'attest-role', npi, organisation, role, key: keyOfSeed(clinicianSeed(acting, npi)).key }
    case 'suspend':
    case 'reinstate':
      return { type: `${act}-role`, npi, organisation }
    case 'licence':
      return { type: 'attest-licence', npi, jurisdiction: jurisdiction ?? '', validUntil: endOf(until) }
    default:
      return { type: act, npi }
  }
}

/** The key with which the node signs for the clinician: made once, and kept where the node looks for it. */
function clinicianSeed(acting: Acting, npi: string): Uint8Array {
  // The name of a file: what is no number is refused by the ledger's schema as well, but later.
  if (!/^[12]\d{9}$/.test(npi)) throw new Refused('not-an-npi', `${npi} is no NPI.`, 'Ten digits, from the registry.')
  const file = join(acting.keys, `clinician-${npi}.secret`)
  if (!existsSync(file)) writeDurably(file, new Uint8Array(randomBytes(seedBytes)), 0o600)
  return readSeed(file)
}

/** The last second of the day, in UTC. */
function endOf(day: string | undefined): number {
  const end = /^\d{4}-\d{2}-\d{2}$/.test(day ?? '') ? Date.parse(`${day}T23:59:59Z`) : Number.NaN
  if (Number.isNaN(end))
    throw new Refused('day-needed', 'Until when the licence holds must be said.', 'Give --until YYYY-MM-DD.')
  return Math.floor(end / 1000)
}
