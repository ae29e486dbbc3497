/** The state machine: envelopes in, events and a new authenticated state out. The same blocks give the same app hash everywhere. */
import { decode, encode, equalBytes, type Malformed, no, ok, type Result, toHex } from '@plexus/codec'
import { appendLeaf, emptyFrontier, frontierRoot, merkleLeafHash, merkleRoot } from '@plexus/crypto'
import { appHash, type Block, blockSummary, transactionsRoot } from './blocks.ts'
import type { Context, RegisteredContract, Signer, Variant } from './contract.ts'
import type { KeyDirectory } from './directory.ts'
import { type Envelope, envelopeBytesMax, readEnvelope, signaturesHold, validSecondsMax } from './envelope.ts'
import type { Chain } from './genesis.ts'
import { type Ground, Grounds } from './grounds.ts'
import {
  type AppliedBlock,
  type EnvelopeAt,
  type EventRecord,
  type LedgerReader,
  type Outcome,
  outcome,
} from './ledger.ts'
import { QuotaBook } from './quota.ts'
import { Overlay, viewOf } from './state.ts'
import { emptyRoot, updateTree } from './state-tree.ts'
import { evolve, type Happened, judge, Versions } from './versions.ts'

/** Why the kernel itself refuses an envelope, first reason first. Codes are on the wire: never renumbered. */
export const kernelRejections = {
  malformed: { code: 1, says: 'The bytes are not an envelope in canonical form.' },
  'other-chain': { code: 2, says: 'The envelope is bound to another chain.' },
  expired: { code: 3, says: 'The envelope ended before this block.' },
  'valid-too-long': { code: 4, says: 'The envelope ends more than 600 s after this block.' },
  replayed: { code: 5, says: 'This envelope was already accepted.' },
  'unknown-contract': { code: 6, says: 'No such contract is active.' },
  'signature-invalid': { code: 7, says: 'A signature does not hold under the strict Ed25519 profile.' },
  'sponsor-not-active': { code: 8, says: 'The sponsor is not an active member.' },
  'sponsor-did-not-sign': { code: 9, says: 'No key of the sponsor with the scope sponsor signed.' },
  'transaction-malformed': { code: 10, says: 'The transaction is not one of the contract in canonical form.' },
  'quota-exceeded': { code: 11, says: 'The sponsor has used what one member may send in this minute of block time.' },
} as const

export type KernelRejection = keyof typeof kernelRejections

/** A refusal with its place in the protocol: the space (kernel or a contract), the code, and the facts. */
export interface Refusal {
  readonly type: 'refused'
  readonly space: string
  readonly code: number
  readonly reason: string
  readonly says: string
  /** Fields of the contract's rejection; organisation-level facts only. */
  readonly facts: Variant
}

export interface Machine {
  readonly chain: Chain
  readonly contracts: readonly RegisteredContract[]
  /** The ledger before the first block. */
  found(): AppliedBlock
  /**
   * What an envelope would meet in a block at this time: the mempool's check. Nothing is written. Whoever has read the
   * envelope already hands over what was read.
   */
  check(
    reader: LedgerReader,
    envelope: Uint8Array,
    time: number,
    read?: Result<Envelope, Malformed>,
  ): Result<CheckedEnvelope, Refusal>
  /**
   * What a check would say of the sponsor's quota, and nothing else: asked before signatures are verified, so that whoever
   * has used its share up costs the others nothing. The block decides.
   */
  quotaRefusal(reader: LedgerReader, envelope: Envelope, time: number): Refusal | undefined
  /**
   * Applies a block on the reader's tip. A refused transaction changes nothing and keeps its place and its code.
   * `checked` is what `check` answered for the transaction at the same index, where it was asked: it is not read again.
   */
  apply(reader: LedgerReader, block: Block, checked?: readonly (CheckedEnvelope | undefined)[]): AppliedBlock
}

/** An envelope as a check has read it. What it says of the form holds for ever; whether it is accepted, the block says. */
export interface CheckedEnvelope {
  readonly envelope: Envelope
  /** The id in hexadecimal. */
  readonly name: string
  readonly transaction: Variant
  /** The version of the contract under which the transaction was read. */
  readonly contract: RegisteredContract
}

/** Calls go one way and are few; this bounds a mistake. */
const callDepthMax = 4

export interface MachineOptions {
  readonly chain: Chain
  /** Every version that this build has; the directory says which of them run. */
  readonly contracts: readonly RegisteredContract[]
  readonly directory: KeyDirectory
  /** Verification of signatures, so that an engine can verify once and remember by id. */
  readonly signaturesHold?: (envelope: Envelope) => boolean
}

export function createMachine({
  chain,
  contracts,
  directory,
  signaturesHold: holds = signaturesHold,
}: MachineOptions): Machine {
  const versions = new Versions(contracts, directory)

  const grounds = new Grounds(versions, directory)

  /** Sizes and form, chain, time and replay, signatures, sponsor: what an envelope must be before its content is read. */
  function admit(on: Stand, envelope: Envelope, id: string): Result<Admitted, Refusal> {
    const { chain: bound, sponsor, validUntil, contract: name, signers: keys } = envelope.body
    if (!equalBytes(bound, chain.id)) return refuse('other-chain')
    if (validUntil < on.time) return refuse('expired')
    if (validUntil > on.time + validSecondsMax) return refuse('valid-too-long')
    if (on.accepted.has(id) || on.reader.wasAccepted(envelope.id, validUntil)) return refuse('replayed')
    const contract = on.running.get(name)
    if (!contract) return refuse('unknown-contract')
    if (!holds(envelope)) return refuse('signature-invalid')
    if (!on.answers.member(on.state, sponsor).active) return refuse('sponsor-not-active')
    const signers = keys.map((key) => on.answers.signer(on.state, key))
    if (!signers.some(({ holder, scopes }) => holder === sponsor && scopes.includes('sponsor')))
      return refuse('sponsor-did-not-sign')
    return ok({ contract, signers })
  }

  function run(on: Stand, read: Result<Envelope, Malformed>, known?: CheckedEnvelope): Result<Executed, Refusal> {
    if (!read.ok) return refuse('malformed', { ...read.reason, type: 'malformed' })
    const envelope = read.value
    const name = known?.name ?? toHex(envelope.id)
    const admitted = admit(on, envelope, name)
    if (!admitted.ok) return admitted
    const { contract, signers } = admitted.value
    const { sponsor } = envelope.body
    const decoded =
      known?.contract === contract
        ? ok(known.transaction)
        : decode(contract.transaction, envelope.body.transaction, envelopeBytesMax)
    if (!decoded.ok) return refuse('transaction-malformed', { ...decoded.reason, type: 'malformed' })
    const transaction = decoded.value
    const objects = contract.objects?.(transaction) ?? 0
    const over = overQuota(on, sponsor, objects)
    if (over) return no(over)
    const overlay = new Overlay(on.state)
    const events: Happened[] = []
    const context: Context = { height: on.height, time: on.time, sponsor, signers, caller: null }
    const refused = perform(on, overlay, contract, transaction, context, events, [])
    if (refused) return no(refused)
    return ok({ overlay, events, checked: { envelope, name, transaction, contract }, objects })
  }

  function overQuota(
    { quotas, answers, state }: Pick<Stand, 'answers' | 'quotas' | 'state'>,
    sponsor: string,
    objects: number,
  ): Refusal | undefined {
    const of = quotas.exceeded(sponsor, answers.member(state, sponsor).quota, objects)
    if (!of) return undefined
    const facts = { type: 'quota-exceeded', of, retryAfterSeconds: quotas.secondsLeft } as const
    return kernelRefusal('quota-exceeded', facts)
  }

  function perform(
    on: Stand,
    overlay: Overlay,
    contract: RegisteredContract,
    transaction: Variant,
    context: Context,
    events: Happened[],
    stack: readonly string[],
  ): Refusal | undefined {
    if (stack.includes(contract.name) || stack.length >= callDepthMax)
      throw new Error(`${[...stack, contract.name].join(' → ')}: a call comes back or goes too deep`)
    const rule = contract.rules[transaction.type]
    if (!rule) throw new Error(`${contract.name} has no rule for ${transaction.type}`)
    const decided = rule(viewOf(contract, overlay), transaction, context)
    if (!decided.ok) return contractRefusal(contract, decided.reason)
    const calls = decided.value.calls ?? []
    // A check asks for no state afterwards: only a call would see what these events change.
    if (on.checks && calls.length === 0 && stack.length === 0) return undefined
    for (const event of decided.value.events) {
      evolve(overlay, contract, event)
      events.push({ contract: contract.name, event: encode(contract.event, event) })
    }
    for (const made of calls) {
      // A network may have a contract without the one that it calls: then nobody can take the step.
      const callee = on.running.get(made.contract)
      if (!callee) return kernelRefusal('unknown-contract')
      const within: Context = { ...context, caller: contract.name }
      const refused = perform(on, overlay, callee, made.transaction, within, events, [...stack, contract.name])
      if (refused) return refused
    }
    return undefined
  }

  function found(): AppliedBlock {
    const overlay = new Overlay({ get: () => undefined, entries: () => [] })
    const events: Happened[] = []
    for (const { contract: name, event } of chain.genesis.founding) {
      versions.replay(overlay, { sequence: events.length + 1, height: 0, contract: name, event })
      events.push({ contract: name, event })
    }
    const changes = changesOf(overlay)
    const tree = updateTree({ tile: () => undefined }, emptyRoot, changes)
    const history = emptyFrontier()
    return {
      tip: {
        height: 0,
        time: chain.genesis.time,
        stateRoot: tree.root,
        history: history.peaks,
        appHash: appHash({ stateRoot: tree.root, historyRoot: frontierRoot(history) }),
        nextEvent: events.length + 1,
      },
      summary: {
        height: 0,
        time: chain.genesis.time,
        transactionsRoot: transactionsRoot([]),
        outcomesRoot: outcomesRoot([]),
      },
      transactions: [],
      misbehaviour: [],
      envelopes: [],
      outcomes: [],
      events: numbered(events, 1, 0),
      changes,
      tiles: tree.tiles,
      overwritten: tree.overwritten,
    }
  }

  function apply(
    reader: LedgerReader,
    { height, time, transactions, root = transactionsRoot(transactions), misbehaviour = [] }: Block,
    checked: readonly (CheckedEnvelope | undefined)[] = [],
  ): AppliedBlock {
    const tip = reader.tip()
    if (!tip) throw new Error('a block cannot be applied before genesis')
    if (height !== tip.height + 1) throw new Error(`block ${height} does not follow ${tip.height}`)
    if (time < tip.time) throw new Error(`block ${height} goes back in time`)
    const { running, began, answers } = grounds.at(reader, height)
    const state = new Overlay(reader)
    const quotas = new QuotaBook(reader, time)
    const accepted = new Set<string>()
    let on: Stand = { reader, state, running, quotas, answers, accepted, height, time, checks: false }
    const outcomes: Outcome[] = []
    const events: Happened[] = began ? [...versions.begin(state, height, running)] : []
    if (misbehaviour.length > 0) {
      const judged = new Overlay(state)
      events.push(...judge(judged, running, misbehaviour, on))
      state.take(judged)
      on = { ...on, answers: grounds.answersAfter(on.answers, judged) }
    }
    const envelopes: EnvelopeAt[] = []
    for (const [index, bytes] of transactions.entries()) {
      const known = checked[index]
      const read = known ? ok(known.envelope) : readEnvelope(bytes)
      const done = run(on, read, known)
      outcomes.push(done.ok ? acceptedOutcome : { space: done.reason.space, code: done.reason.code })
      if (done.ok) {
        const { overlay, objects } = done.value
        state.take(overlay)
        const now = grounds.answersAfter(on.answers, overlay)
        if (now !== on.answers) on = { ...on, answers: now }
        quotas.charge(done.value.checked.envelope.body.sponsor, objects)
        accepted.add(done.value.checked.name)
        for (const happened of done.value.events) events.push(happened)
      }
      if (read.ok)
        envelopes.push({ id: read.value.id, validUntil: read.value.body.validUntil, index, accepted: done.ok })
    }
    quotas.writeTo(state)
    const changes = changesOf(state)
    const tree = updateTree(reader, tip.stateRoot, changes)
    const summary = {
      height,
      time,
      transactionsRoot: root,
      outcomesRoot: outcomesRoot(outcomes),
    }
    const history = appendLeaf({ size: height - 1, peaks: tip.history }, merkleLeafHash(encode(blockSummary, summary)))
    const next = {
      height,
      time,
      stateRoot: tree.root,
      history: history.peaks,
      appHash: appHash({ stateRoot: tree.root, historyRoot: frontierRoot(history) }),
      nextEvent: tip.nextEvent + events.length,
    }
    grounds.keep(reader, next.appHash, on.answers)
    return {
      tip: next,
      summary,
      transactions,
      misbehaviour,
      envelopes,
      outcomes,
      events: numbered(events, tip.nextEvent, height),
      changes,
      tiles: tree.tiles,
      overwritten: tree.overwritten,
    }
  }

  return {
    chain,
    contracts,
    found,
    apply,
    quotaRefusal(reader, { body: { sponsor } }, time) {
      const tip = reader.tip()
      const quotas = new QuotaBook(reader, Math.max(time, tip?.time ?? 0))
      return overQuota({ quotas, ...grounds.at(reader, (tip?.height ?? 0) + 1) }, sponsor, 0)
    },
    check(reader, bytes, time, read = readEnvelope(bytes)) {
      const tip = reader.tip()
      const height = (tip?.height ?? 0) + 1
      const at = Math.max(time, tip?.time ?? 0)
      const quotas = new QuotaBook(reader, at)
      const on = { reader, quotas, accepted: noIds, time: at, ...grounds.at(reader, height), checks: true }
      const done = run(on, read)
      return done.ok ? ok(done.value.checked) : done
    },
  }
}

/** What a transaction meets: the state so far in its block, and what the block has counted. */
interface Stand extends Pick<Ground, 'answers' | 'height' | 'running' | 'state'> {
  readonly reader: LedgerReader
  readonly quotas: QuotaBook
  /** Ids, in hexadecimal, that this very block accepted. */
  readonly accepted: ReadonlySet<string>
  readonly time: number
  /** Whether an answer is all that is wanted. */
  readonly checks: boolean
}

interface Admitted {
  readonly contract: RegisteredContract
  readonly signers: readonly Signer[]
}

interface Executed {
  readonly overlay: Overlay
  readonly events: readonly Happened[]
  readonly checked: CheckedEnvelope
  readonly objects: number
}

const acceptedOutcome: Outcome = { space: 'kernel', code: 0 }
const acceptedBytes = encode(outcome, acceptedOutcome)
const noIds: ReadonlySet<string> = new Set()

/** Of blocks of which everything was accepted, which are most, by the number of their transactions. */
const acceptedRoots = new Map<number, Uint8Array>()
const acceptedRootsMax = 4_096

/** RFC 6962 root over the outcomes, in the order of the transactions. */
export function outcomesRoot(outcomes: readonly Outcome[]): Uint8Array {
  const allAccepted = outcomes.every((each) => each === acceptedOutcome)
  const known = allAccepted ? acceptedRoots.get(outcomes.length) : undefined
  if (known) return known
  const root = merkleRoot(outcomes.map((each) => (each === acceptedOutcome ? acceptedBytes : encode(outcome, each))))
  if (allAccepted && acceptedRoots.size < acceptedRootsMax) acceptedRoots.set(outcomes.length, root)
  return root
}

function changesOf(overlay: Overlay) {
  return [...overlay.changes.entries()].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1))
}

function numbered(events: readonly Happened[], first: number, height: number): readonly EventRecord[] {
  return events.map(({ contract, event }, index) => ({ sequence: first + index, height, contract, event }))
}

/** A refusal of the kernel's own, in the form in which a check answers. */
export function kernelRefusal(reason: KernelRejection, facts: Variant = { type: reason }): Refusal {
  return { type: 'refused', space: 'kernel', reason, ...kernelRejections[reason], facts }
}

function refuse(reason: KernelRejection, facts?: Variant): { readonly ok: false; readonly reason: Refusal } {
  return no(kernelRefusal(reason, facts))
}

function contractRefusal(contract: RegisteredContract, rejection: Variant): Refusal {
  const known = contract.rejections[rejection.type]
  if (!known) throw new Error(`${contract.name} refuses with ${rejection.type}, which it does not declare`)
  return { type: 'refused', space: contract.name, reason: rejection.type, ...known, facts: rejection }
}
