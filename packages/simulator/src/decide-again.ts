/** The decision once more: facts gathered by the simulator's own code, through the contracts' queries, at the same instant. */
import { decode, encode, equalBytes, toHex } from '@plexus/codec'
import { members, notary, practitioners } from '@plexus/contracts'
import { merkleRoot, signedBytes, verify } from '@plexus/crypto'
import { type Opening, openingLeadsTo, viewOf } from '@plexus/kernel'
import {
  decide,
  type Evidence,
  type EvidenceFacts,
  evidence,
  evidenceContent,
  intent,
  intentContent,
  statementTypes,
} from '@plexus/policy'
import type { SimulatedNode } from './node.ts'
import type { Asked } from './watch.ts'
import type { World } from './world.ts'

const secondsPerDay = 86_400

export interface Again {
  readonly type: 'part' | 'permit' | 'refuse'
  readonly code: string
  readonly reasons: readonly string[]
  readonly recordsRoot: Uint8Array
  /** Counts what was asked on the asker’s own word, emergencies apart, once it is written. */
  remember(): void
}

export function decideAgain(
  world: World,
  node: SimulatedNode,
  { intent: opening, evidence: openings, content }: Asked,
): Again {
  const { state, chain, tip } = ledgerOf(world, node)
  const organisations = viewOf(members, state)
  const heightOf = (each: Opening) => {
    const led = openingLeadsTo(chain, each)
    const batch = led && notary.queries.batch(viewOf(notary, state), toHex(led.root))
    return led && batch && { hash: led.hash, ...batch }
  }
  const committed = heightOf(opening)
  const signed = decode(intent, opening.statement)
  if (!committed || !signed.ok) throw new Error('a node decides on an intent that its replica does not know')
  const named = openings.flatMap((each): readonly EvidenceFacts[] => {
    const found = each.type === statementTypes.evidence ? heightOf(each) : undefined
    const read = decode(evidence, each.statement)
    if (!found || !read.ok) return []
    return [
      {
        hash: found.hash,
        content: read.value.content,
        committedAt: found.height,
        signaturesHold: signaturesHold(world, node, read.value),
        walletHostedByAsker: false,
      },
    ]
  })
  const patient = world.patientNamed(
    content.custodian,
    named.map(({ content: { subject } }) => subject),
  )
  const key = patient && node.exchange.custody.patientKey(content.custodian, patient)
  const row = key === undefined ? undefined : node.exchange.custody.patients.get(key)
  const records = key === undefined || !row ? [] : node.exchange.custody.current(key)
  const head = row?.set ? notary.queries.handle(viewOf(notary, state), toHex(row.set.content.head)) : undefined
  const policy = members.queries.policy(organisations)
  const standing = practitioners.queries.standing(viewOf(practitioners, state), {
    ...content.clinician,
    time: tip.time,
  })
  const day = Math.floor(tip.time / secondsPerDay)
  const kind = content.purpose === 'ETREAT' ? 'emergency' : 'own word'
  const counted = `${kind} ${content.custodian} ${content.requester} ${day}`
  const askedToday = [...(world.watch.selfAsserted.get(counted) ?? [])].filter(([each]) => each !== patient)
  const decision = decide({
    ledger: {
      height: tip.height,
      blockTime: tip.time,
      now: world.clockOf(node),
      requesterActive: members.queries.isActive(organisations, content.requester),
      intentByRequester: members.queries.hostOf(organisations, content.requester) === committed.member,
      licence: standing.licence,
      role: standing.role,
      clinicianKey: standing.key,
      head: row?.set ? (head?.status === 'open' ? 'open' : 'closed') : 'none',
      profile: policy.profile,
      profileVersion: policy.version,
      parameters: policy.parameters,
      selfAssertedExcess: members.queries.selfAssertedExcess(organisations, content.requester, day),
    },
    custodian: content.custodian,
    intent: content,
    intentCommittedAt: committed.height,
    clinicianSigned: {
      key: signed.value.clinician.key,
      holds: verify(
        signed.value.clinician.key,
        signedBytes(statementTypes.intent, chain, encode(intentContent, content)),
        signed.value.clinician.signature,
      ),
    },
    evidence: named,
    patient: row
      ? {
          set: row.set?.content ?? null,
          enrolled: row.enrolment !== null,
          records,
          selfAssertedToday: {
            byRequester: askedToday.length,
            byClinician: askedToday.filter(([, npis]) => npis.has(content.clinician.npi)).length,
          },
        }
      : null,
  })
  const released =
    decision.type === 'refuse' ? [] : decision.released.map((index) => records[index]?.hash as Uint8Array)
  return {
    type: decision.type,
    code: decision.type === 'refuse' ? decision.code : '',
    reasons: decision.type === 'refuse' ? [] : decision.reasons,
    recordsRoot: merkleRoot(released),
    remember() {
      if (decision.type === 'refuse' || decision.grade === 'corroborated' || !patient) return
      const patients = world.watch.selfAsserted.get(counted) ?? new Map<string, Set<string>>()
      world.watch.selfAsserted.set(counted, patients)
      patients.set(patient, (patients.get(patient) ?? new Set()).add(content.clinician.npi))
    },
  }
}

function ledgerOf(world: World, node: SimulatedNode) {
  const { ledger } = node
  return {
    state: { get: (key: string) => ledger.get(key), entries: (prefix: string) => ledger.entries(prefix) },
    chain: world.founding.chain.id,
    tip: { height: ledger.height, time: ledger.tipTime },
  }
}

/** Check-ins carry the patient's signature; referrals the referrer's over an enclosed check-in of the same patient; others none. */
function signaturesHold(world: World, node: SimulatedNode, { content, signatures }: Evidence): boolean {
  const { state, chain } = ledgerOf(world, node)
  if (content.type === 'directive' || content.type === 'self-asserted') return signatures.length === 0
  const [only] = signatures
  if (!only || signatures.length > 1) return false
  if (!verify(only.key, signedBytes(statementTypes.evidence, chain, encode(evidenceContent, content)), only.signature))
    return false
  if (content.type === 'check-in') return content.subject.type === 'key' && equalBytes(content.subject.key, only.key)
  const key = members.queries.keyOf(viewOf(members, state), toHex(only.key))
  const enclosed = decode(evidence, content.enclosed)
  if (key?.status !== 'active' || key.holder !== content.referrer || !enclosed.ok) return false
  const own = enclosed.value.content
  return (
    own.type === 'check-in' &&
    own.requester === content.referrer &&
    own.custodian === content.custodian &&
    own.validUntil >= content.madeAt &&
    own.subject.type === 'key' &&
    content.subject.type === 'key' &&
    equalBytes(own.subject.key, content.subject.key) &&
    signaturesHold(world, node, enclosed.value)
  )
}
