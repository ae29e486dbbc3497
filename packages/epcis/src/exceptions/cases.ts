/** A case is what its messages make of it; the reporter alone closes it. */
import { no, ok, type Result } from '@plexus/codec'
import type { ExceptionItem, ExceptionMessage, ItemAnswer } from './messages.ts'

export interface ExceptionCase {
  readonly caseId: string
  readonly state: 'open' | 'answered' | 'closed'
  readonly items: readonly ExceptionItem[]
  /** The newest answer to each item that has one. */
  readonly answers: ReadonlyMap<string, ItemAnswer>
  readonly messageIds: ReadonlySet<string>
}

export type CaseRefusal =
  | 'too-many-messages'
  /** The first message of a case is a report that leaves it open. */
  | 'not-opened'
  | 'another-case'
  | 'closed-already'
  /** The response speaks of an item that nobody reported. */
  | 'item-unknown'

/** More than any exchange about one shipment; a case that grows on is a loop between two systems. */
const messagesMax = 1_000

/** The case after this message; null before the first. A message that came before changes nothing. */
export function caseAfter(before: ExceptionCase | null, message: ExceptionMessage): Result<ExceptionCase, CaseRefusal> {
  const { caseId, messageId } = message
  if (!before) {
    if (message.type !== 'report' || message.isResolved) return no('not-opened')
    return ok({ caseId, state: 'open', items: message.items, answers: new Map(), messageIds: new Set([messageId]) })
  }
  if (before.caseId !== caseId) return no('another-case')
  if (before.messageIds.has(messageId)) return ok(before)
  if (before.state === 'closed') return no('closed-already')
  if (before.messageIds.size >= messagesMax) return no('too-many-messages')
  const messageIds = new Set([...before.messageIds, messageId])
  if (message.type === 'report') {
    if (message.isResolved) return ok({ ...before, state: 'closed', messageIds })
    const known = new Set(before.items.map(({ itemId }) => itemId))
    const items = [...before.items, ...message.items.filter(({ itemId }) => !known.has(itemId))]
    return ok({ ...before, state: 'open', items, messageIds })
  }
  if (message.answers.some(({ itemId }) => !before.items.some((each) => each.itemId === itemId)))
    return no('item-unknown')
  const answers = new Map([...before.answers, ...message.answers.map((each) => [each.itemId, each] as const)])
  const isWhole = before.items.every(({ itemId }) => answers.has(itemId))
  return ok({ ...before, state: isWhole ? 'answered' : 'open', answers, messageIds })
}
