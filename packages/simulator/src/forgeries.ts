/** Requests that an honest node never makes: a requester that cheats builds them by hand, with its own real keys. */
import { concatBytes, encode, toHex } from '@plexus/codec'
import { generateSealingKey, leafOf, merkleLeafHash, publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { type MemberNote, memberNote, NoteDesk } from '@plexus/exchange'
import type { Opening } from '@plexus/kernel'
import {
  type Evidence,
  evidence,
  evidenceContent,
  type IntentContent,
  intent,
  intentContent,
  statementTypes,
} from '@plexus/policy'
import { checkIn } from '@plexus/sdk'
import type { Chance } from './chance.ts'
import type { Clinician } from './founding.ts'
import type { SimulatedNode } from './node.ts'
import type { Patient } from './patient.ts'
import type { World } from './world.ts'

export const forgeries = [
  'clinician unknown',
  'evidence expired',
  'evidence late',
  'evidence not opened',
  'evidence of another patient',
  'evidence signed by another',
  'evidence for another',
  'intent expired',
  'intent of another chain',
  'intent of another custodian',
  'intent replayed by another',
  'intent too long',
  'signed by another',
] as const
export type Forgery = (typeof forgeries)[number]

const commitSeconds = 120

interface Parts {
  readonly node: SimulatedNode
  readonly clinician: Clinician
  readonly patient: Patient
  readonly custodian: string
}

/** Begins one forgery, when there is a patient and a custodian for it. */
export function forge(world: World, chance: Chance, forgery: Forgery): void {
  const enrolled = world.patients.flatMap((patient) =>
    patient.custodians.filter((each) => patient.isEnrolledAt(each)).map((custodian) => ({ patient, custodian })),
  )
  const clinician = world.founding.clinicians[0]
  if (enrolled.length === 0 || !clinician) return
  const of = chance.pick(enrolled)
  const parts = { ...of, clinician, node: world.node(clinician.organisation) }
  of.patient.alone(() => run(world, chance, forgery, parts))
}

async function run(world: World, chance: Chance, forgery: Forgery, parts: Parts): Promise<void> {
  const { node, clinician, patient, custodian } = parts
  const seconds = Math.floor(world.now)
  const validSeconds = forgery === 'evidence expired' ? 1 : 3600
  const requester = forgery === 'evidence for another' ? (world.founding.members.at(-1)?.name ?? node.name) : node.name
  const pieces = [...pieceOf(patient, requester, custodian, chance.bytes(16), validSeconds, seconds)]
  if (forgery === 'evidence of another patient') {
    const other = world.patients.find((each) => each !== patient && each.isEnrolledAt(custodian))
    if (!other) return
    pieces.push(...pieceOf(other, requester, custodian, chance.bytes(16), validSeconds, seconds))
  }
  if (forgery === 'evidence signed by another')
    pieces.splice(0, 1, ...pieces.slice(0, 1).map((each) => signedBy(world, chance.bytes(32), each)))
  const early =
    forgery === 'evidence late'
      ? []
      : await commit(
          world,
          node,
          pieces.map((each) => [statementTypes.evidence, encode(evidence, each)]),
        )
  if (!early || (early.length > 0 && !(await committed(world, node, early)))) return
  const { publicKey } = await generateSealingKey(chance.bytes(32))
  const now = Math.floor(world.now)
  const max = world.founding.policy.parameters.intentSecondsMax
  const base: Omit<IntentContent, 'evidence'> = {
    id: chance.bytes(16),
    requester: node.name,
    custodian,
    clinician: { npi: forgery === 'clinician unknown' ? '1234567893' : clinician.npi, organisation: node.name },
    purpose: 'TREAT',
    emergency: null,
    types: [],
    sessionKey: publicKey,
    madeAt: now,
    expiresAt: now + (forgery === 'intent too long' ? max + 30 : forgery === 'intent expired' ? 5 : max),
  }
  const seed = forgery === 'signed by another' ? chance.bytes(32) : clinician.seed
  const hashes = await world.at(node, ({ batches }) => {
    const late =
      forgery === 'evidence late'
        ? pieces.map((each) => batches.commit(statementTypes.evidence, encode(evidence, each)))
        : []
    const content = { ...base, evidence: [...early, ...late.map(({ hash }) => hash)] }
    const chain = forgery === 'intent of another chain' ? chance.bytes(32) : world.founding.chain.id
    const signature = sign(seed, signedBytes(statementTypes.intent, chain, encode(intentContent, content)))
    const made = batches.commit(
      statementTypes.intent,
      encode(intent, { content, clinician: { key: publicKeyOf(seed), signature } }),
    )
    node.journal.write([...late.flatMap(({ changes }) => changes), ...made.changes])
    return { intent: made.hash, evidence: content.evidence }
  })
  if (!hashes || !(await committed(world, node, [hashes.intent, ...hashes.evidence]))) return
  await world.people.pause(forgery === 'intent expired' || forgery === 'evidence expired' ? 8 : 0)
  const opened = openingsOf(world, node, [hashes.intent, ...hashes.evidence])
  const [first, ...others] = opened
  if (!first) return
  const note: MemberNote = {
    type: 'request',
    intent: forgery === 'intent of another chain' ? { ...first, leafKey: elsewhere(first) } : first,
    evidence: forgery === 'evidence not opened' ? [] : others,
  }
  const others2 = [...world.nodes.values()].filter(
    (each) => each !== node && each.name !== world.hostOf(custodian).name,
  )
  const sender = forgery === 'intent replayed by another' ? others2[0] : node
  const to = forgery === 'intent of another custodian' ? others2[0]?.name : world.hostOf(custodian).name
  if (!sender || to === undefined || to === sender.name) return
  world.tell(`${sender.name} forges: ${forgery}, ${toHex(hashes.intent).slice(0, 8)}`)
  world.count(`forged: ${forgery}`)
  if (sender !== node || forgery === 'intent of another chain')
    world.watch.neverAnswered.add(`${sender.name} ${toHex(hashes.intent)}`)
  for (let time = 0; time < 3; time++) {
    await send(world, sender, to, note)
    await world.people.pause(2)
  }
}

/** The same words under somebody else's key. */
function signedBy(world: World, seed: Uint8Array, { content }: Evidence): Evidence {
  const message = signedBytes(statementTypes.evidence, world.founding.chain.id, encode(evidenceContent, content))
  return { content, signatures: [{ key: publicKeyOf(seed), signature: sign(seed, message) }] }
}

function pieceOf(
  patient: Patient,
  requester: string,
  custodian: string,
  visit: Uint8Array,
  validSeconds: number,
  now: number,
): readonly Evidence[] {
  const made = checkIn(patient.client.wallet, { requester, visit, custodians: [custodian], validSeconds, now })
  if (!made.ok || made.value.note.type !== 'check-in') return []
  patient.client.wallet = made.value.wallet
  return made.value.note.evidence
}

function commit(
  world: World,
  node: SimulatedNode,
  statements: readonly (readonly [string, Uint8Array])[],
): Promise<readonly Uint8Array[] | undefined> {
  return world.at(node, ({ batches }) => {
    const made = statements.map(([type, statement]) => batches.commit(type, statement))
    node.journal.write(made.flatMap(({ changes }) => changes))
    return made.map(({ hash }) => hash)
  })
}

const committed = (world: World, node: SimulatedNode, hashes: readonly Uint8Array[]): Promise<boolean> =>
  world.people.until(
    () => world.ask(node, ({ batches }) => hashes.every((each) => batches.committedAt(each) !== undefined)) === true,
    commitSeconds,
  )

function openingsOf(world: World, node: SimulatedNode, hashes: readonly Uint8Array[]): readonly Opening[] {
  const found = world.ask(node, ({ batches }) => hashes.map((each) => batches.opening(each)))
  return (found ?? []).filter((each) => each !== undefined)
}

/** A key under which the leaf is another: as an opening from another chain leads to no root of this one. */
const elsewhere = ({ leafKey }: Opening): Uint8Array => merkleLeafHash(leafOf(leafKey, concatBytes(leafKey)))

async function send(world: World, sender: SimulatedNode, to: string, note: MemberNote): Promise<void> {
  const { sealingSeed, name } = sender.founded
  const { seed } = sender
  const desk = new NoteDesk({
    chain: world.founding.chain.id,
    member: name,
    seed,
    sealingSeed,
    state: () => world.watch.ledger,
    send: () => {},
  })
  const sealed = await desk.seal(to, encode(memberNote, note))
  if (sealed) world.send(sender, to, sealed)
}
