/** What a node tells of itself as it works, for whoever keeps metrics: counts and times by member, never of a patient. */
import type { SubmitAnswer } from '@plexus/engine'
import type { DurableWrite } from './member-node.ts'

export interface Measures {
  /** One durable write, by its name: `ledger`, `journal`, `sequencer`, `blob-write`, `keys-commit` and the like. */
  wrote(member: string, write: string, seconds: number): void
  /** An envelope from being offered to being durable here, or refused; `answer` is `applied` or the refusal's name. */
  submitted(member: string, answer: string, seconds: number): void
  /** Signatures that a member's own machine verified, because nothing had verified them before. */
  verified(member: string, signatures: number): void
  /** Envelopes that the verifier threads answered, and how many of them did not hold. */
  pooled(envelopes: number, refused: number): void
}

/** Runs durable writes and tells how long each took; those that fail count too. */
export function timedWrites(
  member: string,
  measures: Measures | undefined,
  durable: DurableWrite | undefined,
): DurableWrite | undefined {
  if (!measures) return durable
  return (what, write) => {
    const from = performance.now()
    try {
      return durable ? durable(what, write) : write()
    } finally {
      measures.wrote(member, what, (performance.now() - from) / 1000)
    }
  }
}

/** The name under which an answer is counted: a few words of the engine's and the kernel's own. */
export function answerName(answer: SubmitAnswer): string {
  if (answer.ok) return answer.value.outcome.code === 0 ? 'applied' : 'refused-in-block'
  const { reason } = answer
  return reason.type === 'refused' ? reason.reason : reason.type
}
