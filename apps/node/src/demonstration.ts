/** The demonstration network: eight members in one process, and what its people need. */
import { ok, type Result } from '@plexus/codec'
import { npiOf, practitioners } from '@plexus/contracts'
import { publicKeyOf, type RandomBytes } from '@plexus/crypto'
import { Custodians } from './custodians.ts'
import { Directory } from './directory.ts'
import { type Founding, foundedChain } from './founding.ts'
import { Network, type NetworkRefusal, type ProcessParts } from './network.ts'

/** Organisations of the input take these members in order; further ones are their tenants. */
const keepers = ['hospital-1', 'hospital-2', 'hospital-3', 'hospital-4', 'hospital-5', 'hospital-6'] as const
/** Asks for charts in the story; none of the input's organisations is this member. */
export const asker = 'emergency-1'
/** Attests licences. Keeps the story's mailbox and sponsors the wallet's steps: no custodian of the patient, so that it learns least. */
export const board = 'state-board'

/** Whoever tries a vote here sees its effect while still at the screen. Any other network waits for days. */
const demonstrationDelaySeconds = 60

export const founding: Founding = {
  name: 'plexus-demonstration',
  members: [asker, ...keepers, board],
  board,
  engine: { type: 'local', sequencer: board },
  parameters: { votingDelaySeconds: demonstrationDelaySeconds },
}

/** The same network, each member behind an address of its own. */
const apart = (peerPort: number): Pick<Founding, 'addresses'> => ({
  addresses: Object.fromEntries(
    founding.members.map((member, index) => [member, `plexus://127.0.0.1:${peerPort + index}`]),
  ),
})

/** Four agree although one of them is gone (design.md §3: more than two thirds of the power). */
const founders = [asker, 'hospital-1', 'hospital-2', board] as const

function foundingOn(engine: 'cometbft' | 'local'): Founding {
  return engine === 'local' ? founding : { ...founding, engine: { type: 'cometbft', validators: founders } }
}

const licenceYears = 2
const secondsPerYear = 31_557_600

export interface Demonstration {
  readonly network: Network
  readonly directory: Directory
  readonly custodians: Custodians
}

export async function startDemonstration(
  parts: ProcessParts & {
    /** Founds members that speak over TLS, on this port of 127.0.0.1 and those after it. */
    readonly peerPort?: number
    /** Without it, the one on which the folder's network was founded; in an empty folder, the embedded one. */
    readonly engine?: 'cometbft' | 'local'
  },
): Promise<Result<Demonstration, NetworkRefusal>> {
  const { peerPort, engine = foundedChain(parts.data)?.genesis.engine.type ?? 'local', ...others } = parts
  const addresses = peerPort === undefined ? {} : apart(peerPort)
  const started = await Network.start({ ...others, founding: { ...foundingOn(engine), ...addresses } })
  if (!started.ok) return started
  const directory = Directory.open(parts.data)
  const custodians = new Custodians({ network: started.value, directory, keepers, random: parts.random })
  return ok({ network: started.value, directory, custodians })
}

/** A fresh NPI with a right check digit: minted, so that it is nobody's. */
export function mintNpi(random: RandomBytes): string {
  let digits = '1'
  for (const byte of random(8)) digits += String(byte % 10)
  return npiOf(digits)
}

/** A clinician of a member, the asking one unless told: licence by the board, role and key by the employer. */
export async function employClinician(
  { network }: Demonstration,
  npi: string,
  now: number,
  employer: string = asker,
): Promise<void> {
  const key = publicKeyOf(network.node(employer).clinicianSeed(npi))
  const role = employer === asker ? 'emergency-physician' : 'physician'
  const validUntil = Math.floor(now) + licenceYears * secondsPerYear
  const steps = [
    [board, { type: 'attest-licence' as const, npi, jurisdiction: 'MA', validUntil }],
    [employer, { type: 'attest-role' as const, npi, organisation: employer, role, key }],
  ] as const
  for (const [member, transaction] of steps) {
    const answer = await network.submit(member, practitioners, transaction)
    if (!answer.ok || answer.value.outcome.code !== 0) throw new Error(`the ledger refused ${transaction.type}`)
  }
}
