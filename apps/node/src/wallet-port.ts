/** The way of a wallet to the nodes of this process: the demonstration's, and what the HTTP doors offer to others. */
import { decode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { members, notary, prescriptions } from '@plexus/contracts'
import { assembleEnvelope, type EnvelopeBody, readBody, signBody, transactionBytesMax, viewOf } from '@plexus/kernel'
import type { BringBackDoor, NodePort, Share, StateAnswers, StepRefusal } from '@plexus/sdk'
import type { MemberNode } from './member-node.ts'
import type { Network } from './network.ts'

/** What a member signs for a wallet: steps of handles, those that the patient's own key moves, and nothing else. */
const sponsoredSteps: readonly string[] = ['close-handle', 'open-handles']
const patientSteps: readonly string[] = ['make-available', 'nominate', 'open-refill']

/** Whether this is a step of an item by its patient's key, whose sponsor says nothing by carrying it. */
export function isPatientStep({ contract, transaction }: Pick<EnvelopeBody, 'contract' | 'transaction'>): boolean {
  if (contract !== prescriptions.name) return false
  const read = decode(prescriptions.transaction, transaction, transactionBytesMax)
  return read.ok && patientSteps.includes(read.value.type)
}

/**
 * Adds the sponsor's signature to a body that a wallet composed, and submits it. The sponsor signs only what is of its
 * chain, names it, and is a step that wallets take.
 */
export async function sponsor(
  network: Network,
  member: string,
  bodyBytes: Uint8Array,
  shares: readonly Share[],
): Promise<Result<{ readonly height: number }, StepRefusal>> {
  const body = readBody(bodyBytes)
  if (!body.ok) return no({ type: 'body-malformed' })
  if (!equalBytes(body.value.chain, network.chain.id)) return no({ type: 'other-chain' })
  if (body.value.sponsor !== member) return no({ type: 'other-sponsor' })
  const step =
    body.value.contract === notary.name
      ? decode(notary.transaction, body.value.transaction, transactionBytesMax)
      : undefined
  const ofHandles = step?.ok && sponsoredSteps.includes(step.value.type)
  if (!ofHandles && !isPatientStep(body.value)) return no({ type: 'not-sponsored' })
  const node = network.node(member)
  const signatures = body.value.signers.map((key) => {
    if (equalBytes(key, node.publicKey)) return signBody(network.chain.id, bodyBytes, node.seed)
    return shares.find((share) => equalBytes(share.key, key))?.signature
  })
  if (signatures.some((each) => !each)) return no({ type: 'signature-missing' })
  const answer = await network.submitEnvelope(
    member,
    assembleEnvelope(
      bodyBytes,
      signatures.filter((each) => each !== undefined),
    ),
  )
  if (!answer.ok) return no({ type: answer.reason.type === 'refused' ? answer.reason.reason : answer.reason.type })
  const { height, outcome } = answer.value
  return outcome.code === 0 ? ok({ height }) : no({ type: `${outcome.space}-${outcome.code}` })
}

export function walletPort(network: Network, sponsorMember: string, now: () => number): NodePort {
  const node = network.node(sponsorMember)
  return {
    sponsor: async () => ({ member: sponsorMember, key: node.publicKey }),
    async nodeOf(organisation) {
      const view = viewOf(members, node.store)
      const host = members.queries.hostOf(view, organisation)
      const known = host === undefined ? undefined : members.queries.member(view, host)
      return host !== undefined && known
        ? ok({ member: host, sealingKey: known.sealingKey })
        : no({ type: 'organisation-unknown' })
    },
    submit: (body, shares) => sponsor(network, sponsorMember, body, shares),
    async deliver(member, sealed) {
      const answer = await network.node(member).exchange.receive(sealed)
      if (answer.ok) return ok()
      return no({ type: 'refusal' in answer.reason ? answer.reason.refusal : answer.reason.type })
    },
    async mail(member, request) {
      const { exchange } = network.node(member)
      const page = exchange.mailboxes.fetch(request)
      await exchange.durable()
      return page.ok ? ok(page.value) : no({ type: page.reason.type })
    },
    now,
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  }
}

/** What a replica answers to a wallet that reads its state. */
export function stateAnswersOf(store: MemberNode['store']): StateAnswers {
  return {
    async entry(key, asked) {
      const height = asked ?? store.tip()?.height ?? 0
      const proven = store.proveStateAt(height - 1, key)
      return proven ? ok({ ...proven, height, key }) : no({ type: 'state-past' })
    },
    header: async (height) => store.header(height),
  }
}

/** Where a wallet of which the root alone is left looks for the rest: `member` is asked what the ledger says of handles. */
export function comingBackDoor(network: Network, member: string): BringBackDoor {
  const { store } = network.node(member)
  return {
    hosts: async () =>
      new Map(
        [...network.nodes].flatMap(([host, { exchange }]) =>
          [...exchange.organisations.keys()].map((id) => [id, host]),
        ),
      ),
    handle: async (handle) => ok(notary.queries.handle(viewOf(notary, store), toHex(handle))),
    async ownRecord(host, request) {
      const page = await network.node(host).exchange.ownRecord.page(request)
      return page.ok ? ok(page.value) : no({ type: page.reason.type })
    },
  }
}
