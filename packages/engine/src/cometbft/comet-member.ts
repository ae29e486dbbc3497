/** A member's side of the engine: the same as on the embedded one, over a real network. */
import { no } from '@plexus/codec'
import { type Envelope, readEnvelope } from '@plexus/kernel'
import type { LedgerView } from '../local/ledger-view.ts'
import type { SubmitAnswer } from '../local/local-engine.ts'
import type { Clock } from '../local/ports.ts'
import type { Application } from './application.ts'
import type { BroadcastAnswer, Broadcasts } from './engine-rpc.ts'

export interface CometMember {
  readonly replica: LedgerView
  /**
   * Answers once, when this member's own replica has durably applied the envelope, whatever its outcome there; or with
   * the reason why it never will. While the engine is down the answer is `sequencer-unreachable`, and nothing was sent.
   */
  offer(envelope: Uint8Array, answered: (answer: SubmitAnswer) => void): void
  submit(envelope: Uint8Array): Promise<SubmitAnswer>
  /** After the engine came back with an empty mempool: sends again whatever waits. */
  sendAgain(): void
}

/** What one member may have in flight at once; its own callers beyond that are told to come again. */
const offersMax = 10_000
const offeredBytesMax = 64 * 1024 * 1024
const retryAfterSeconds = 1

interface Open {
  readonly bytes: Uint8Array
  readonly envelope: Envelope
  readonly answer: (answer: SubmitAnswer) => void
}

export function createCometMember({
  replica,
  application,
  broadcasts,
  clock,
}: {
  readonly replica: LedgerView
  readonly application: Pick<Application, 'refusalOf'>
  readonly broadcasts: Broadcasts
  readonly clock: Clock
}): CometMember {
  const { machine, store } = replica
  const open = new Set<Open>()
  let openBytes = 0

  function offer(offered: Uint8Array, answered: (answer: SubmitAnswer) => void): void {
    // Its own copy: what is read here is what a block will hold, whatever becomes of the sender's memory.
    const bytes = new Uint8Array(offered)
    const now = Math.floor(clock.now())
    const read = readEnvelope(bytes)
    if (!read.ok) {
      const checked = machine.check(store, bytes, now)
      if (checked.ok) throw new Error('the machine accepts an envelope that cannot be read')
      answered(checked)
      return
    }
    const over = machine.quotaRefusal(store, read.value, now)
    if (over) {
      answered(no(over))
      return
    }
    if (open.size >= offersMax || openBytes + bytes.length > offeredBytesMax) {
      answered(no({ type: 'mempool-full', retryAfterSeconds }))
      return
    }
    begin(bytes, read.value, answered)
  }

  function begin(bytes: Uint8Array, envelope: Envelope, answered: (answer: SubmitAnswer) => void): void {
    const { id, body } = envelope
    let ended = false
    let cancel = (): void => {}
    const offered: Open = {
      bytes,
      envelope,
      answer(answer) {
        if (ended) return
        ended = true
        cancel()
        if (open.delete(offered)) openBytes -= bytes.length
        answered(answer)
      },
    }
    open.add(offered)
    openBytes += bytes.length
    // Before it is sent: a block may have it as soon as it is. One that was refused before may be offered again.
    cancel = replica.watch(id, body.validUntil, offered.answer, 'accepted')
    if (ended) return
    broadcasts.send(bytes).then((answer) => sent(offered, answer))
  }

  function sent(offered: Open, answer: BroadcastAnswer): void {
    switch (answer.type) {
      case 'waits':
        return
      case 'full':
        offered.answer(no({ type: 'mempool-full', retryAfterSeconds }))
        return
      case 'unreachable':
        offered.answer(no({ type: 'sequencer-unreachable' }))
        return
      case 'refused':
        refused(offered)
    }
  }

  function refused(offered: Open): void {
    const { bytes, envelope, answer } = offered
    const refusal = application.refusalOf(bytes)
    // It is in a block that was applied meanwhile: the watch has answered, or will.
    if (refusal?.reason === 'replayed' && replica.applied(envelope.id, envelope.body.validUntil)?.outcome.code === 0)
      return
    answer(no(refusal ?? { type: 'mempool-full', retryAfterSeconds }))
  }

  return {
    replica,
    offer,
    submit: (envelope) => new Promise((resolve) => offer(envelope, resolve)),
    sendAgain() {
      for (const offered of [...open])
        broadcasts.send(offered.bytes).then((answer) => {
          if (answer.type === 'refused') sent(offered, answer)
        })
    },
  }
}
