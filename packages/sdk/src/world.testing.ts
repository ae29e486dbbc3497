/** A network in memory, with the real machine, the real contracts and real signatures: four organisations and a clinician. */
import { createHash } from 'node:crypto'
import { encode, toHex } from '@plexus/codec'
import { contracts, directory, members, type NotaryTransaction, notary, practitioners } from '@plexus/contracts'
import {
  frontierRoot,
  handleOf,
  leafOf,
  merklePath,
  merkleRoot,
  publicKeyOf,
  sign,
  signedBytes,
  statementHash,
} from '@plexus/crypto'
import {
  type Chain,
  createMachine,
  foundChain,
  headerHash,
  headerMessage,
  type Machine,
  type MemoryLedger,
  memoryLedger,
  proveState,
  type SignedHeader,
  sealEnvelope,
  transactionsRoot,
} from '@plexus/kernel'
import {
  type Committed,
  type IntentContent,
  intentContent,
  intent as intentSchema,
  type Receipt,
  type ReceiptBundle,
  type ReleaseNote,
  receiptBundle,
  receipt as receiptSchema,
  releaseNoteContent,
  type StateFact,
} from '@plexus/policy'

export const seedOf = (name: string): Uint8Array => new Uint8Array(createHash('sha256').update(name).digest())
const bytesOf = (name: string, length: number): Uint8Array => seedOf(name).slice(0, length)
export const zeros = (length: number): Uint8Array => new Uint8Array(length)

export const npi = '1234567893'
const start = 1_800_000_000
const leafCount = 16
const place = 5
export const secondsPerBlock = 5

const orderer = seedOf('orderer')
/** `practice` is a tenant of `emergency`. `elsewhere` keeps mailboxes and sponsors handles. */
const organisations = ['hospital', 'emergency', 'elsewhere', 'clinic'] as const
export const memberSeed = (member: string): Uint8Array => seedOf(`key of ${member}`)
/** The key that follows, and that nobody has seen before. */
export const nextMemberSeed = (member: string): Uint8Array => seedOf(`next key of ${member}`)
/** A key of the hospital that may do nothing but sponsor. */
export const sponsorOnlySeed = seedOf('sponsor key of hospital')
const clinicianSeed = seedOf('clinician')
export const suspendedNpi = '1000000004'

function founding(sealingKeys: ReadonlyMap<string, Uint8Array>) {
  const of = (contract: string, schema: Parameters<typeof encode>[0], event: unknown) => ({
    contract,
    event: encode(schema, event),
  })
  return [
    ...organisations.flatMap((member) => [
      of(members.name, members.event, {
        type: 'member-founded',
        member,
        address: `https://${member}.example`,
        sealingKey: sealingKeys.get(member) ?? zeros(1216),
        owner: member,
      }),
      of(members.name, members.event, {
        type: 'key-registered',
        holder: member,
        key: publicKeyOf(memberSeed(member)),
        scopes: ['batches', 'credentials', 'custodian', 'governance', 'sponsor'],
        next: handleOf(publicKeyOf(nextMemberSeed(member))),
        height: 0,
      }),
    ]),
    of(members.name, members.event, {
      type: 'key-registered',
      holder: 'hospital',
      key: publicKeyOf(sponsorOnlySeed),
      scopes: ['sponsor'],
      next: null,
      height: 0,
    }),
    of(members.name, members.event, { type: 'tenant-registered', tenant: 'practice', host: 'emergency', height: 0 }),
    of(members.name, members.event, { type: 'tenant-registered', tenant: 'ward', host: 'hospital', height: 0 }),
    ...['emergency', 'practice'].map((organisation) =>
      of(practitioners.name, practitioners.event, {
        type: 'role-attested',
        npi,
        organisation,
        role: 'physician',
        key: publicKeyOf(clinicianSeed),
        height: 0,
      }),
    ),
    of(practitioners.name, practitioners.event, {
      type: 'role-attested',
      npi: suspendedNpi,
      organisation: 'emergency',
      role: 'physician',
      key: publicKeyOf(clinicianSeed),
      height: 0,
    }),
    of(practitioners.name, practitioners.event, {
      type: 'role-suspended',
      npi: suspendedNpi,
      organisation: 'emergency',
      height: 0,
    }),
  ]
}

interface Mined {
  readonly transactions: readonly Uint8Array[]
  readonly header: SignedHeader
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
  readonly facts: ReadonlyMap<string, StateFact>
}

export interface Statement {
  readonly type: 'intent' | 'receipt'
  readonly bytes: Uint8Array
  readonly sponsor: string
  readonly seeds?: readonly Uint8Array[]
  /** When its envelope ends, in seconds after its block. */
  readonly endsAfter?: number
  /** Keys of facts that go with it, besides the sponsor's own. */
  readonly facts?: readonly string[]
}

export interface AccessPlan {
  readonly intent?: Partial<IntentContent> | null
  readonly receipt?: Partial<Receipt>
  /** Null for no note where one would be due. */
  readonly note?: Partial<ReleaseNote> | null
  readonly requesterSponsor?: string
  readonly custodianSponsor?: string
  readonly clinicianSeed?: Uint8Array
  readonly noteSeed?: Uint8Array
  /** When the receipt's envelope ends, in seconds after its block. */
  readonly endsAfter?: number
  /** Both batches in one block. */
  readonly together?: boolean
}

/** What was done; a refusal is not what the test is about. */
export function must<Value>(
  result: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: unknown },
): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.reason))
  return result.value
}

export class World {
  readonly chain: Chain
  readonly machine: Machine
  readonly ledger: MemoryLedger
  time = start
  private readonly mined: Mined[] = []
  private nonces = 0

  constructor({ sealingKeys = new Map() }: { readonly sealingKeys?: ReadonlyMap<string, Uint8Array> } = {}) {
    this.chain = foundChain({
      name: 'test',
      time: start,
      engine: { type: 'local', sequencer: publicKeyOf(orderer) },
      founding: founding(sealingKeys),
    })
    this.machine = createMachine({ chain: this.chain, contracts, directory })
    this.ledger = memoryLedger(this.machine)
  }

  get height(): number {
    return this.ledger.reader.tip()?.height ?? 0
  }

  nonce(): Uint8Array {
    return bytesOf(`nonce ${this.nonces++}`, 16)
  }

  /** That the state before the next block has no such entry. */
  absenceOf(key: string): StateFact {
    const { reader } = this.ledger
    const tip = reader.tip()
    if (!tip) throw new Error('the ledger is not founded')
    return { key, value: null, proof: proveState(reader, tip.stateRoot, key) }
  }

  /** A block five seconds later; every transaction in it must be accepted. */
  block(transactions: readonly Uint8Array[]): void {
    const { reader } = this.ledger
    const tip = reader.tip()
    if (!tip) throw new Error('the ledger is not founded')
    this.time += secondsPerBlock
    const facts = new Map<string, StateFact>()
    for (const prefix of ['members/members/', 'members/keys/', 'members/tenants/', 'practitioners/roles/'])
      for (const [key, value] of reader.entries(prefix))
        facts.set(key, { key, value, proof: proveState(reader, tip.stateRoot, key) })
    const last = this.mined.at(-1)
    const header = {
      type: 'local' as const,
      chain: this.chain.id,
      height: tip.height + 1,
      time: this.time,
      appHash: tip.appHash,
      transactionsRoot: transactionsRoot(transactions),
      previous: last ? headerHash(last.header.header) : zeros(32),
    }
    this.mined.push({
      transactions,
      header: { header, signature: sign(orderer, headerMessage(header)) },
      stateRoot: tip.stateRoot,
      historyRoot: frontierRoot({ size: tip.height, peaks: tip.history }),
      facts,
    })
    const applied = this.machine.apply(reader, { height: header.height, time: header.time, transactions })
    if (applied.outcomes.some(({ code }) => code !== 0)) throw new Error(`refused: ${JSON.stringify(applied.outcomes)}`)
    this.ledger.commit(applied)
  }

  envelope(
    sponsor: string,
    transaction: NotaryTransaction,
    {
      seeds = [memberSeed(sponsor)],
      chain = this.chain.id,
      validUntil = this.time + 60,
    }: { readonly seeds?: readonly Uint8Array[]; readonly chain?: Uint8Array; readonly validUntil?: number } = {},
  ): Uint8Array {
    const content = { chain, sponsor, nonce: this.nonce(), validUntil, contract: notary.name }
    return sealEnvelope({ ...content, transaction: encode(notary.transaction, transaction) }, seeds)
  }

  /** Commits each statement in a batch of its own, all in one block. */
  commit(statements: readonly Statement[]): readonly Committed[] {
    const batches = statements.map(({ type, bytes, sponsor, seeds, endsAfter = 60, facts = [] }) => {
      const leafKey = seedOf(`leaf ${this.nonces}`)
      const leaves = Array.from({ length: leafCount }, (_, at) => seedOf(`padding ${this.nonces} ${at}`))
      leaves[place] = leafOf(leafKey, statementHash(type, this.chain.id, bytes))
      const opening = {
        type,
        statement: bytes,
        leafKey,
        index: place,
        size: leafCount,
        path: merklePath(leaves, place),
      }
      const transaction = { type: 'post-batch' as const, root: merkleRoot(leaves), leaves: leafCount }
      return {
        opening,
        envelope: this.envelope(sponsor, transaction, {
          ...(seeds ? { seeds } : {}),
          validUntil: this.time + secondsPerBlock + endsAfter,
        }),
        sponsor,
        seeds,
        facts,
        absent: this.absenceOf(`notary/batches/${toHex(transaction.root)}`),
      }
    })
    this.block(batches.map(({ envelope }) => envelope))
    const { transactions, header, stateRoot, historyRoot, facts: known } = this.mined.at(-1) as Mined
    return batches.map(({ opening, envelope, sponsor, seeds, facts, absent }, index) => {
      const signers = (seeds ?? [memberSeed(sponsor)]).map((seed) => `members/keys/${toHex(publicKeyOf(seed))}`)
      const wanted = [...new Set([`members/members/${sponsor}`, ...signers, ...facts])].sort()
      return {
        opening,
        envelope,
        index,
        count: transactions.length,
        path: merklePath(transactions, index),
        header,
        stateRoot,
        historyRoot,
        facts: [...wanted.flatMap((key) => known.get(key) ?? []), absent],
      }
    })
  }

  intentOf(changes: Partial<IntentContent> = {}, seed = clinicianSeed): Uint8Array {
    const content: IntentContent = {
      id: this.nonce(),
      requester: 'emergency',
      custodian: 'hospital',
      clinician: { npi, organisation: changes.requester ?? 'emergency' },
      purpose: 'TREAT',
      emergency: null,
      evidence: [seedOf('evidence')],
      types: [],
      sessionKey: zeros(1216),
      madeAt: this.time,
      expiresAt: this.time + 200,
      ...changes,
    }
    const message = signedBytes('intent', this.chain.id, encode(intentContent, content))
    return encode(intentSchema, { content, clinician: { key: publicKeyOf(seed), signature: sign(seed, message) } })
  }

  receiptOf(changes: Partial<Receipt> = {}): Receipt {
    return {
      custodian: 'hospital',
      intent: zeros(32),
      decision: { type: 'permit' },
      profile: 'us',
      profileVersion: 1,
      headVersion: 1,
      recordsRoot: zeros(32),
      recordsCount: 3,
      chains: [],
      mailbox: null,
      number: 1,
      previous: zeros(32),
      height: this.height,
      madeAt: this.time,
      ...changes,
    }
  }

  receiptBytes(changes: Partial<Receipt> = {}): Uint8Array {
    return encode(receiptSchema, this.receiptOf(changes))
  }

  noteOf(receipt: Uint8Array, changes: Partial<ReleaseNote> = {}, seed = memberSeed('hospital')) {
    const content: ReleaseNote = { custodian: 'hospital', receipt, height: this.height, madeAt: this.time, ...changes }
    const message = signedBytes('release-note', this.chain.id, encode(releaseNoteContent, content))
    return { content, signature: { key: publicKeyOf(seed), signature: sign(seed, message) } }
  }

  /** One access from the intent to the release note, and its bundle. */
  access(plan: AccessPlan = {}): ReceiptBundle {
    const { requesterSponsor = 'emergency', custodianSponsor = 'hospital' } = plan
    const intentBytes = plan.intent === null ? null : this.intentOf(plan.intent, plan.clinicianSeed)
    const clinicianNpi = plan.intent?.clinician?.npi ?? npi
    const requester = plan.intent?.requester ?? 'emergency'
    const asks: Statement[] = intentBytes
      ? [
          {
            type: 'intent',
            bytes: intentBytes,
            sponsor: requesterSponsor,
            facts: [`practitioners/roles/${clinicianNpi}/${requester}`, `members/tenants/${requester}`],
          },
        ]
      : []
    let [intent]: readonly (Committed | undefined)[] = []
    if (!plan.together) [intent] = this.commit(asks)
    const custodian = plan.receipt?.custodian ?? 'hospital'
    const content = this.receiptOf({
      ...(intentBytes ? { intent: statementHash('intent', this.chain.id, intentBytes) } : {}),
      ...plan.receipt,
    })
    const bytes = encode(receiptSchema, content)
    const noteSeed = plan.noteSeed ?? memberSeed(custodianSponsor)
    const answers: Statement = {
      type: 'receipt',
      bytes,
      sponsor: custodianSponsor,
      ...(plan.endsAfter === undefined ? {} : { endsAfter: plan.endsAfter }),
      facts: [`members/tenants/${custodian}`, `members/keys/${toHex(publicKeyOf(noteSeed))}`],
    }
    const done = this.commit(plan.together ? [...asks, answers] : [answers])
    if (plan.together) [intent] = done
    const receipt = done.at(-1) as Committed
    const granted = content.decision.type === 'permit' || content.decision.type === 'part'
    const hash = statementHash('receipt', this.chain.id, bytes)
    const wantsNote = plan.note === undefined ? granted : plan.note !== null
    const note = wantsNote ? this.noteOf(hash, { custodian, ...plan.note }, noteSeed) : null
    return { intent: intent ?? null, receipt, note }
  }
}

export const bundleOf = (bundle: ReceiptBundle): Uint8Array => encode(receiptBundle, bundle)
