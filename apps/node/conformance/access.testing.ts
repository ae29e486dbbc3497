/** One access from enrolment to the patient's notices, which goes on from wherever an earlier process was killed. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, toHex } from '@plexus/codec'
import { publicKeyOf, systemRandom } from '@plexus/crypto'
import { createWallet, encodeWallet, findings, openWallet, signingSeed, WalletClient, whoLooked } from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import { walletPort } from '../src/wallet-port.ts'
import { smallChart } from './records.testing.ts'
import { board, type Clinician, clinic, must, type World } from './world.testing.ts'

export const custodian = 'hospital-1'
export const accessMembers = [custodian] as const
const patient = 'patient-1'
const visitSeconds = 8 * 3600
const firstEpoch = 1

/** Everything before the part that is killed: the network, a chart, a clinician. */
export async function prepareAccess(world: World): Promise<void> {
  const { npi } = await world.employ()
  writeDurably(join(world.data, 'npi'), npi)
  writeDurably(join(world.data, 'visit'), systemRandom(16))
  await world.register(custodian, patient, smallChart(patient, 'a'))
}

const kept = (world: World, name: string): Uint8Array => new Uint8Array(readFileSync(join(world.data, name)))

export async function goThroughAccess(world: World): Promise<WalletClient> {
  const { requester } = world.node(clinic).exchange
  const client = await enrolled(world)
  const visit = kept(world, 'visit')
  if (requester.evidenceOf(visit).length === 0)
    must(await client.checkIn(clinic, visit, [custodian], visitSeconds), 'check-in')
  await world.until(() => requester.visitReady(visit), 'the evidence to be committed')
  if (asksOf(world).length === 0) await world.startAsk(visit, clinicianOf(world))
  await world.until(() => asksOf(world).every((ask) => requester.settled(ask)), 'every ask to end')
  await world.settled()
  must(await client.fetch(), 'fetching the mailbox')
  return client
}

function clinicianOf(world: World): Clinician {
  const npi = readFileSync(join(world.data, 'npi'), 'utf8')
  return { npi, seed: world.node(clinic).clinicianSeed(npi), organisation: clinic }
}

/** Every ask that the requester's journal knows. */
export function asksOf(world: World): readonly Uint8Array[] {
  return [...world.node(clinic).journal.entries('asks')].map(([key]) => Uint8Array.from(Buffer.from(key, 'hex')))
}

/** The wallet lives apart from the nodes, but in the same process: what it keeps is durable before each note. */
async function enrolled(world: World): Promise<WalletClient> {
  const { chain } = world.network
  const file = join(world.data, 'wallet')
  const open = (root: Uint8Array, state: Uint8Array | null): WalletClient => {
    const parts = { chain, root, random: systemRandom }
    const opened = state ? openWallet(parts, state) : { ok: true as const, value: createWallet(parts) }
    if (!opened.ok) throw new Error('the wallet does not open')
    return new WalletClient({
      wallet: opened.value,
      port: walletPort(world.network, board, world.now),
      keep: ({ state: changed }) => writeDurably(file, Buffer.concat([root, encodeWallet(changed)])),
    })
  }
  const { custody, door } = world.node(custodian).exchange
  const known = custody.patients.get(custody.patientKey(custodian, patient))?.enrolment?.content.signingKey
  if (known && existsSync(file)) {
    const bytes = kept(world, 'wallet')
    const client = open(bytes.slice(0, 32), bytes.slice(32))
    const own = publicKeyOf(signingSeed({ root: client.wallet.root, chain: chain.id, custodian }, firstEpoch))
    if (!equalBytes(own, known)) throw new Error('the custodian enrolled another wallet')
    return client
  }
  // Not enrolled yet: the patient is at the desk once more, with a fresh wallet and a fresh code.
  const client = open(systemRandom(32), null)
  const code = await world.node(custodian).exchange.run(() => door.issueCode(custodian, patient))
  must(await client.enrol(custodian, code, board), 'enrolment')
  return client
}

/** What must hold after whatever happened: design §3, INV-R1, R3, R4 and R5, and the agreement of the replicas. */
export function whatIsWrong(world: World, client: WalletClient): readonly string[] {
  const wrong: string[] = []
  const { exchange } = world.node(custodian)
  const receipts = exchange.custody.patients.get(exchange.custody.patientKey(custodian, patient))?.receipts ?? 0
  const looks = whoLooked(client.wallet.state)
  // R5: the wallet holds exactly the custodian's receipt chain; and R1, R3: each bundle verified, no intent answered twice.
  for (const found of findings(client.wallet.state)) wrong.push(`finding ${JSON.stringify(found)}`)
  if (looks.length !== receipts) wrong.push(`the custodian made ${receipts} receipts, the wallet holds ${looks.length}`)
  for (const { number, verified, failures } of looks) {
    if (!verified) wrong.push(`receipt ${number} does not verify: ${failures.join()}`)
  }
  for (const ask of asksOf(world)) {
    const gathered = world.node(clinic).exchange.requester.gathered(ask)
    if (!gathered?.settled) wrong.push('an ask hangs')
    for (const { state, code, records } of gathered?.sources ?? []) {
      if (state !== 'complete' || records.length !== 3) wrong.push(`a source ended ${state} ${code}`)
      if (records.some(({ verified }) => verified !== 'verified')) wrong.push('a record did not verify')
    }
  }
  if (asksOf(world).length === 0) wrong.push('nothing was asked')
  // R4: what had to be told was told, and nothing waits.
  for (const [member, { exchange: each }] of world.network.nodes) {
    if (!each.idle) wrong.push(`${member} is not idle`)
  }
  const tips = [...world.network.nodes.values()].map(({ store }) => store.tip())
  const lowest = Math.min(...tips.map((tip) => tip?.height ?? 0))
  const hashes = [...world.network.nodes.values()].map(({ store }) =>
    toHex(store.rootAt(lowest)?.appHash ?? new Uint8Array(0)),
  )
  if (new Set(hashes).size !== 1) wrong.push('the replicas disagree')
  for (const { member, error } of world.failures) wrong.push(`${member} failed: ${String(error)}`)
  return wrong
}
