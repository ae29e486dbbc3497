/** How a door answers for a step of a book: when its end is known on the member's own replica. */
import type { Result } from '@plexus/codec'
import type { MemberNode } from '../member-node.ts'
import { problem } from './problem.ts'
import { type Answer, json } from './route.ts'

/** Of a step that no block took in its time: the engine was away for minutes. */
const retryAfterSeconds = 1

/**
 * Makes a step in a turn of the exchange and waits for its end outside of it. `make` answers with the step, or with why
 * the book makes none; `give` says what else a good answer holds.
 */
export async function answerOfStep<Made extends { readonly step: string }>(
  node: MemberNode,
  make: () => Result<Made, { readonly type: string }>,
  give: (made: Made) => Readonly<Record<string, unknown>> = () => ({}),
): Promise<Answer> {
  const made = await node.exchange.run(make)
  if (!made.ok) return problem('book-refused', { refusal: made.reason.type })
  const outcome = await node.books.shelf.outcome(made.value.step)
  if (outcome.type === 'lapsed') return problem('ledger-away', { refusal: 'expired', retryAfterSeconds })
  if (outcome.type === 'accepted') return json({ ...give(made.value), height: outcome.height })
  const { reason: refusal, height } = outcome
  return problem('ledger-refused', { refusal, ...(height !== null && { height }) })
}
