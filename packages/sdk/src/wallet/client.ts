/**
 * A wallet at work: the steps that need others. What varies (the way to nodes, the time, where state is kept) is handed
 * in, so that the same code runs in a browser, in a terminal and in a simulated world.
 */
import { no, ok, type Result, type Schema } from '@plexus/codec'
import type { Variant } from '@plexus/kernel'
import type { CaseSubject, Directive, Notice, NoticePage, WalletNote } from '@plexus/policy'
import { contractStep } from '../contract-step.ts'
import { engineKey, type HeaderTrust } from '../header-trust.ts'
import { sealNote } from '../notes.ts'
import { disagreeWith, openCase, unheardNotes } from './cases.ts'
import { openNotice, takeNotice } from './notices.ts'
import { heldAgainstLedger } from './prescription-check.ts'
import type { ReadState } from './read-state.ts'
import { closeHandleBody, openHandlesBody, type Share } from './sponsored.ts'
import { isAccepted, relationshipWith } from './state.ts'
import {
  changeDirectives,
  checkIn,
  enrol,
  enrolmentTaken,
  handlesOpened,
  mailboxRequestFor,
  nextHandle,
  unconfirmedSets,
  type Wallet,
} from './wallet.ts'

/** Why a step with another party did not succeed; `type` is the refusal of whoever refused. */
export interface StepRefusal {
  readonly type: string
}

/** A member that carries this wallet's steps to the ledger, and how to reach the others. */
export interface NodePort {
  /** The sponsor and the public key (32 bytes) with which it signs. */
  sponsor(): Promise<{ readonly member: string; readonly key: Uint8Array }>
  /** The X-Wing key of the node that acts for an organisation, and that node's member. */
  nodeOf(
    organisation: string,
  ): Promise<Result<{ readonly member: string; readonly sealingKey: Uint8Array }, StepRefusal>>
  /** Adds the sponsor's signature to a body and submits it; answers when the sponsor's replica has it. */
  submit(body: Uint8Array, shares: readonly Share[]): Promise<Result<{ readonly height: number }, StepRefusal>>
  /** Brings a sealed note to a member's node. */
  deliver(member: string, sealed: Uint8Array): Promise<Result<void, StepRefusal>>
  mail(member: string, request: Uint8Array): Promise<Result<NoticePage, StepRefusal>>
  /** Seconds since 1970. */
  now(): number
  /** Waits before a step is tried again. */
  pause(seconds: number): Promise<void>
}

/** Envelopes of a wallet end this many seconds after they were made. */
const envelopeSeconds = 300
/** A custodian's replica may be a block or two behind the sponsor's. */
const triesMax = 40
/** What whoever is behind answers. */
const behind: readonly string[] = ['handle-not-open', 'not-yet']
const retrySeconds = 0.05
/** Pages of notices in one fetch; more wait for the next. */
const pagesMax = 1_000

export class WalletClient {
  wallet: Wallet
  private readonly port: NodePort
  /** The number of the last notice that was taken, by custodian. */
  readonly taken: Map<string, number>
  /** Keeps the state: it must be durable when this resolves. */
  private readonly keep: (wallet: Wallet) => Promise<void> | void
  /** Told of each notice as it is taken, for whoever keeps bundles. */
  private readonly heard: (custodian: string, notice: Notice) => void
  /** Why the blocks of a bundle are believed; a refusal leaves its notice, and those after it, for the next time. */
  private readonly believe: (bundle: Uint8Array) => Promise<Result<HeaderTrust, StepRefusal>>

  readonly readState: ReadState | null

  constructor(parts: {
    readonly wallet: Wallet
    readonly port: NodePort
    readonly taken?: ReadonlyMap<string, number>
    readonly keep?: (wallet: Wallet) => Promise<void> | void
    readonly heard?: (custodian: string, notice: Notice) => void
    /** On CometBFT `headersOf`; the key of the embedded engine unless told. */
    readonly believe?: (bundle: Uint8Array) => Promise<Result<HeaderTrust, StepRefusal>>
    /** How entries of the ledger are read; without it nothing that was told of prescriptions is held against it. */
    readonly readState?: ReadState
  }) {
    this.wallet = parts.wallet
    this.port = parts.port
    this.taken = new Map(parts.taken)
    this.keep = parts.keep ?? (() => {})
    this.heard = parts.heard ?? (() => {})
    this.believe = parts.believe ?? (async () => ok(engineKey))
    this.readState = parts.readState ?? null
  }

  /** Opens the first handles, enrols with the code that was handed over, and opens a spare. */
  async enrol(custodian: string, code: string, mailboxMember: string): Promise<Result<void, StepRefusal>> {
    const made = await enrol(this.wallet, { custodian, code, mailboxMember, now: this.seconds() })
    if (!made.ok) return made
    const opened = made.value.open.length > 0 ? await this.open(made.value.open) : ok()
    if (!opened.ok) return opened
    // Kept before the note leaves: a wallet that forgot an enrolment could not prove whose it is.
    await this.remember(made.value.wallet)
    const counted = handlesOpened(this.wallet, { custodian, handles: made.value.open })
    if (!counted.ok) return counted
    await this.remember(counted.value)
    const told = await this.tell(custodian, made.value.note)
    if (!told.ok) return told
    await this.remember(enrolmentTaken(this.wallet, custodian, this.seconds()))
    return this.openSpare(custodian)
  }

  /** Opens the handle after the newest that the ledger knows. Best done at a time that has nothing to do with a change. */
  async openSpare(custodian: string): Promise<Result<void, StepRefusal>> {
    const spare = nextHandle(this.wallet, custodian)
    if (!spare.ok) return spare
    const opened = await this.open([spare.value])
    if (!opened.ok) return opened
    const counted = handlesOpened(this.wallet, { custodian, handles: [spare.value] })
    if (!counted.ok) return counted
    await this.remember(counted.value)
    return ok()
  }

  /** Points out custodians to a requester, each with evidence that the patient is there. */
  async checkIn(
    requester: string,
    visit: Uint8Array,
    custodians: readonly string[],
    validSeconds: number,
  ): Promise<Result<void, StepRefusal>> {
    const made = checkIn(this.wallet, { requester, visit, custodians, validSeconds, now: this.seconds() })
    if (!made.ok) return made
    await this.remember(made.value.wallet)
    return this.tell(requester, made.value.note)
  }

  /**
   * A new set of directives at one custodian: the head in force is closed on the ledger, which stops every release, and
   * the successor is brought. `height`: the block of the closing.
   */
  async changeDirectives(
    custodian: string,
    directives: readonly Directive[],
  ): Promise<Result<{ readonly height: number }, StepRefusal>> {
    const made = changeDirectives(this.wallet, { custodian, directives, now: this.seconds() })
    if (!made.ok) return made
    await this.remember(made.value.wallet)
    const frame = await this.frame()
    const closing = closeHandleBody(this.wallet, { ...frame, custodian, version: made.value.close.version })
    if (!closing.ok) return closing
    const closed = await this.port.submit(closing.value.body, [closing.value.share])
    if (!closed.ok) return closed
    await this.bringSets(custodian)
    return closed
  }

  /** Brings sets that a custodian has not confirmed, oldest first. */
  async bringSets(custodian: string): Promise<Result<void, StepRefusal>> {
    for (const set of unconfirmedSets(this.wallet, custodian)) {
      if (set.content.version === 1) continue
      const told = await this.tell(custodian, { type: 'directive-set', set })
      if (!told.ok) return told
    }
    return ok()
  }

  /** Opens a case at a custodian; its id. It stays in the wallet where the note was lost, to be brought again. */
  async openCase(
    custodian: string,
    asked: { readonly subject: CaseSubject; readonly words: string },
  ): Promise<Result<Uint8Array, StepRefusal>> {
    const made = openCase(this.wallet, { custodian, ...asked, now: this.seconds() })
    if (!made.ok) return made
    await this.remember(made.value.wallet)
    const told = await this.tell(custodian, made.value.note)
    return told.ok ? ok(made.value.id) : told
  }

  /** The patient's statement against a denial, which goes with the entry from then on. */
  async disagree(
    custodian: string,
    asked: { readonly case: Uint8Array; readonly words: string },
  ): Promise<Result<void, StepRefusal>> {
    const made = disagreeWith(this.wallet, { custodian, ...asked, now: this.seconds() })
    if (!made.ok) return made
    await this.remember(made.value.wallet)
    return this.tell(custodian, made.value.note)
  }

  /** Brings what was said of cases and not confirmed: a custodian takes it once. */
  async bringCases(custodian: string): Promise<Result<void, StepRefusal>> {
    for (const note of unheardNotes(this.wallet, custodian)) {
      const told = await this.tell(custodian, note)
      if (!told.ok) return told
    }
    return ok()
  }

  /** Fetches and takes all notices of all custodians. Returns how many were new. */
  async fetch(): Promise<Result<{ readonly notices: number }, StepRefusal>> {
    let notices = 0
    for (const { custodian } of this.wallet.state.relationships) {
      for (let page = 0; page < pagesMax; page++) {
        const after = this.taken.get(custodian) ?? 0
        const asked = mailboxRequestFor(this.wallet, { custodian, after, now: this.seconds() })
        if (!asked.ok) return asked
        const got = await this.port.mail(asked.value.member, asked.value.request)
        if (!got.ok) return got
        for (const { number, sealed } of got.value.notices) {
          const opened = await openNotice(this.wallet, { custodian, sealed })
          if (opened.ok) {
            const trust = opened.value.type === 'access' ? await this.believe(opened.value.bundle) : ok(engineKey)
            if (!trust.ok) {
              await this.keep(this.wallet)
              return trust
            }
            const took = takeNotice(this.wallet, custodian, opened.value, trust.value)
            if (took.ok) this.wallet = took.value
            this.heard(custodian, opened.value)
          }
          this.taken.set(custodian, number)
          notices++
        }
        if (got.value.more === 0) break
      }
    }
    const checked = this.readState ? await heldAgainstLedger(this.wallet, this.readState) : undefined
    // A ledger that nobody shows now is looked at the next time: what was taken stays taken.
    if (checked?.ok) this.wallet = checked.value
    await this.keep(this.wallet)
    return ok({ notices })
  }

  get custodians(): readonly string[] {
    return this.wallet.state.relationships.filter(isAccepted).map(({ custodian }) => custodian)
  }

  /** Whether the handle that the next change must name is open already. */
  hasSpare(custodian: string): boolean {
    const known = relationshipWith(this.wallet.state, custodian)
    return known !== undefined && known.opened >= known.latest + 2
  }

  /** The directives of the newest set that was signed for a custodian. */
  directivesAt(custodian: string): readonly Directive[] {
    return relationshipWith(this.wallet.state, custodian)?.sets.at(-1)?.content.directives ?? []
  }

  isEnrolledAt(custodian: string): boolean {
    const known = relationshipWith(this.wallet.state, custodian)
    return known !== undefined && isAccepted(known)
  }

  /** Also where an enrolment was begun, and not taken. */
  knows(custodian: string): boolean {
    return relationshipWith(this.wallet.state, custodian) !== undefined
  }

  /** A step of one of this wallet's things, by its one-time keys (Ed25519 seeds), carried by the sponsor. */
  async step<Tx extends Variant>(
    contract: { readonly name: string; readonly transaction: Schema<Tx> },
    transaction: Tx,
    seeds: readonly Uint8Array[],
  ): Promise<Result<{ readonly height: number }, StepRefusal>> {
    const { body, shares } = contractStep(this.wallet.chain.id, await this.frame(), contract, transaction, seeds)
    return this.port.submit(body, shares)
  }

  /** Brings a word to the book of a contract at the node of an organisation. */
  bring(organisation: string, contract: string, body: Uint8Array): Promise<Result<void, StepRefusal>> {
    return this.tell(organisation, { type: 'book', contract, body })
  }

  /** Whether an organisation takes part, so that it can be brought something. */
  async reaches(organisation: string): Promise<Result<void, StepRefusal>> {
    const node = await this.port.nodeOf(organisation)
    return node.ok ? ok() : node
  }

  /** Takes what a step made of the wallet; durable when it resolves. */
  async remember(wallet: Wallet): Promise<void> {
    this.wallet = wallet
    await this.keep(wallet)
  }

  /** Seconds since 1970. */
  now(): number {
    return this.port.now()
  }

  /** Notices that lie in the mailbox which a member may keep for a custodian, as many as one page has. */
  async peek(custodian: string, member: string): Promise<Result<number, StepRefusal>> {
    const asked = mailboxRequestFor(this.wallet, { custodian, after: 0, now: this.seconds() })
    if (!asked.ok) return asked
    const page = await this.port.mail(member, asked.value.request)
    return page.ok ? ok(page.value.notices.length) : page
  }

  private async tell(organisation: string, note: WalletNote): Promise<Result<void, StepRefusal>> {
    const node = await this.port.nodeOf(organisation)
    if (!node.ok) return node
    const { member, sealingKey } = node.value
    for (let attempt = 1; ; attempt++) {
      const sealed = await sealNote({ to: member, sealingKey, chain: this.wallet.chain.id, note })
      const told = await this.port.deliver(member, sealed)
      if (told.ok || !behind.includes(told.reason.type) || attempt >= triesMax) return told
      await this.port.pause(retrySeconds)
    }
  }

  private async open(handles: readonly Uint8Array[]): Promise<Result<void, StepRefusal>> {
    const frame = await this.frame()
    const submitted = await this.port.submit(openHandlesBody(this.wallet.chain, { ...frame, handles }), [])
    return submitted.ok ? ok() : no(submitted.reason)
  }

  private async frame() {
    const { member, key } = await this.port.sponsor()
    return {
      sponsor: member,
      sponsorKey: key,
      nonce: this.wallet.random(16),
      validUntil: this.seconds() + envelopeSeconds,
    }
  }

  private seconds(): number {
    return Math.floor(this.port.now())
  }
}
