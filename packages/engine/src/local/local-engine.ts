/**
 * Drives one sequencer and its replicas in real or simulated time. All work is done in callbacks of `schedule`: the same
 * clock, schedule and submissions give the same blocks.
 */
import { no, type Result } from '@plexus/codec'
import { type Envelope, readEnvelope } from '@plexus/kernel'
import { createIntake } from './intake.ts'
import { createLink, type Link } from './link.ts'
import type { Clock, Schedule, SignedBlock } from './ports.ts'
import type { BlockRefusal, Replica } from './replica.ts'
import type { Sequencer, SequencerRefusal } from './sequencer.ts'
import type { VerifierPool } from './verifier-pool.ts'
import type { Applied, WatchEnd } from './watches.ts'

export type SubmitRefusal =
  | Exclude<SequencerRefusal, { readonly type: 'already-waiting' }>
  | WatchEnd
  /** The line to the sequencer is down: nothing was sent. */
  | { readonly type: 'sequencer-unreachable' }

export type SubmitAnswer = Result<Applied, SubmitRefusal>

/** A member's side of the engine. */
export interface LocalMember {
  readonly replica: Replica
  readonly link: Link
  /**
   * Answers once, when this member's own replica has durably applied the envelope, whatever its outcome there; or with
   * the reason why it never will. An envelope that was lost on the way is answered `expired`, and may be sent again.
   */
  offer(envelope: Uint8Array, answered: (answer: SubmitAnswer) => void): void
  submit(envelope: Uint8Array): Promise<SubmitAnswer>
}

export interface LocalEngineOptions {
  readonly sequencer: Sequencer
  readonly replicas: readonly Replica[]
  readonly clock: Clock
  readonly schedule: Schedule
  /**
   * A part stopped for good: a replica that found a fork or cannot write, or, with null, the sequencer. The others go
   * on; a process that runs for one member ends here.
   */
  readonly onFailure: (member: string | null, error: unknown) => void
  readonly delayMilliseconds?: number
  /**
   * Verifies signatures beside the thread that applies blocks; without it they are verified where they are checked.
   * `learn` tells the sequencer's machine, and the replica's of the member that offered.
   */
  readonly verifier?: {
    readonly pool: Pick<VerifierPool, 'verify'>
    readonly learn: (member: string, envelope: Envelope) => void
  }
}

export interface LocalEngine {
  member(name: string): LocalMember
  /** Joins a replica, new or restarted from its disk; it is caught up from the sequencer's blocks. */
  attach(replica: Replica): LocalMember
  /** Lets a replica go, as when its process ends: what was under way to it is lost. */
  detach(name: string): void
  /** Ends all timers and all waiting. Stores belong to who opened them. */
  stop(): void
}

/** Blocks sent ahead of the replica's progress; the rest waits in the sequencer's store, not in memory. */
const blocksInFlightMax = 16
/** What one member may have in flight at once; its own callers beyond that are told to come again. */
const offersMax = 10_000
const offeredBytesMax = 64 * 1024 * 1024
const retryAfterSeconds = 1
/** Members of one demonstration, in one process. */
const membersMax = 64

interface Attached extends LocalMember {
  nextHeight: number
  inFlight: number
  offers: number
  offeredBytes: number
  gone: boolean
}

export function startLocalEngine(options: LocalEngineOptions): LocalEngine {
  const { sequencer, clock, schedule, onFailure, delayMilliseconds = 0, verifier } = options
  const members = new Map<string, Attached>()
  let stopped = false
  let wakes = false
  let cancelTimer = (): void => {}
  const intake =
    verifier && createIntake({ ...verifier, waiting: sequencer.waiting, schedule, onFailure: (error) => failed(error) })

  function failed(error: unknown): void {
    if (stopped) return
    stop()
    onFailure(null, error)
  }

  /** Cuts as soon as what is going on now is done, so that envelopes that came together go together. */
  function wake(): void {
    if (wakes || stopped) return
    wakes = true
    cancelTimer()
    cancelTimer = schedule(turn, 0)
  }

  function turn(): void {
    wakes = false
    if (stopped) return
    let block: SignedBlock | undefined
    try {
      block = sequencer.cut(clock.now())
    } catch (error) {
      failed(error)
      return
    }
    if (block) for (const member of members.values()) pump(member)
    intake?.pump()
    if (sequencer.waiting() > 0) wake()
    // Never less than a millisecond: a fraction that rounds away would turn for ever at one instant.
    else cancelTimer = schedule(turn, Math.max(1, Math.ceil(sequencer.dueIn(clock.now()) * 1_000)))
  }

  /** The only way blocks travel, whether the replica is abreast, behind, or back from a restart. */
  function pump(member: Attached): void {
    while (!member.gone && member.inFlight < blocksInFlightMax && member.nextHeight <= sequencer.height()) {
      const block = sequencer.block(member.nextHeight)
      if (!block) throw new Error(`block ${member.nextHeight} is missing below the tip`)
      if (!member.link.down(() => deliver(member, block))) return
      member.nextHeight += 1
      member.inFlight += 1
    }
  }

  function deliver(member: Attached, block: SignedBlock): void {
    if (member.gone) return
    member.inFlight -= 1
    try {
      const received = member.replica.receive(block)
      if (!received.ok && received.reason.type !== 'already-applied') throw new BlockRefused(received.reason)
    } catch (error) {
      detach(member.replica.member)
      onFailure(member.replica.member, error)
      return
    }
    pump(member)
  }

  function attach(replica: Replica): LocalMember {
    if (stopped) throw new Error('the engine was stopped')
    if (members.has(replica.member)) throw new Error(`${replica.member} is attached already`)
    if (members.size >= membersMax) throw new Error(`more than ${membersMax} members in one process`)
    // Blocks are durable at the sequencer first, so a replica ahead means that its store lost some: signing those heights
    // anew would make two chains.
    if (replica.height() > sequencer.height())
      throw new Error(`${replica.member} is at height ${replica.height()}, the sequencer at ${sequencer.height()}`)
    const link = createLink({ schedule, delayMilliseconds })
    const member: Attached = {
      replica,
      link,
      nextHeight: replica.height() + 1,
      inFlight: 0,
      offers: 0,
      offeredBytes: 0,
      gone: false,
      offer: (envelope, answered) => offer(member, envelope, answered),
      submit: (envelope) => new Promise((resolve) => offer(member, envelope, resolve)),
    }
    link.onChange((isUp) => {
      member.inFlight = 0
      member.nextHeight = replica.height() + 1
      if (isUp) pump(member)
    })
    members.set(replica.member, member)
    pump(member)
    return member
  }

  function offer(member: Attached, offered: Uint8Array, answered: (answer: SubmitAnswer) => void): void {
    const { replica } = member
    // Its own copy: what is read here is what a block will hold, whatever becomes of the sender's memory.
    const envelope = new Uint8Array(offered)
    if (member.gone) {
      answered(no({ type: 'stopped' }))
      return
    }
    const read = readEnvelope(envelope)
    if (!read.ok) {
      // What cannot be read has no id to wait for; the machine says why.
      const checked = replica.machine.check(replica.store, envelope, Math.floor(clock.now()))
      if (checked.ok) throw new Error('the machine accepts an envelope that cannot be read')
      answered(checked)
      return
    }
    const over = replica.machine.quotaRefusal(replica.store, read.value, Math.floor(clock.now()))
    if (over) {
      answered(no(over))
      return
    }
    if (member.offers >= offersMax || member.offeredBytes + envelope.length > offeredBytesMax) {
      answered(no({ type: 'mempool-full', retryAfterSeconds }))
      return
    }
    member.offers += 1
    member.offeredBytes += envelope.length
    let open = true
    const answer = (outcome: SubmitAnswer): void => {
      if (!open) return
      open = false
      member.offers -= 1
      member.offeredBytes -= envelope.length
      unwatch()
      answered(outcome)
    }
    let unwatch = (): void => {}
    // An earlier refusal does not count: what was refused once may be accepted now.
    unwatch = replica.watch(read.value.id, read.value.body.validUntil, answer, 'accepted')
    if (!open) return
    const send = (): void => {
      if (open) sendUp(member, envelope, read.value, answer)
    }
    if (!intake) send()
    else intake.add(replica.member, { bytes: envelope, envelope: read.value, verified: send, refused: answer })
  }

  function sendUp(
    { link }: Attached,
    envelope: Uint8Array,
    read: Envelope,
    answer: (outcome: SubmitAnswer) => void,
  ): void {
    const sent = link.up(() => {
      const submitted = sequencer.submit(envelope, clock.now(), read)
      if (submitted.ok) {
        wake()
        return
      }
      const { reason } = submitted
      // It waits there, or is in a block that is on its way here: the replica will say.
      if (reason.type === 'already-waiting' || (reason.type === 'refused' && reason.reason === 'replayed')) return
      // When the line loses this, the envelope's own end answers.
      link.down(() => answer(no(reason)))
    })
    if (!sent) answer(no({ type: 'sequencer-unreachable' }))
  }

  function detach(name: string): void {
    const member = members.get(name)
    if (!member) return
    members.delete(name)
    member.gone = true
    member.link.cut()
    member.replica.stop()
  }

  function stop(): void {
    stopped = true
    cancelTimer()
    for (const name of [...members.keys()]) detach(name)
  }

  for (const replica of options.replicas) attach(replica)
  wake()
  return {
    member(name) {
      const found = members.get(name)
      if (!found) throw new Error(`no member ${name} is attached`)
      return found
    },
    attach,
    detach,
    stop,
  }
}

/** The engine's own sequencer sent what a replica does not take. */
export class BlockRefused extends Error {
  override readonly name = 'BlockRefused'
  readonly reason: BlockRefusal

  constructor(reason: BlockRefusal) {
    super(`a block was refused: ${reason.type}`)
    this.reason = reason
  }
}
