/**
 * A wallet speaks with one node, and through it with every member's. What it brings is sealed to whom it is for or signed by
 * itself, and what comes back is sealed to it or holds by itself: the node between can withhold, and neither read nor change.
 */
import { bytes, decode, encode, type Infer, object, option, text, variant } from '@plexus/codec'
import { ask, type OneRequestParts, walletQuestions } from '@plexus/peers'
import { noticePage, walletNoteBytesMax } from '@plexus/policy'
import type { MemberNode } from './member-node.ts'

/** A note of the largest body is padded to twice that, and its seal adds little. */
export const sealedNoteBytesMax = 2 * walletNoteBytesMax + 64 * 1024

/** Of a signed request for a page of a mailbox, or of the own chart. */
export const walletRequestBytesMax = 1024

const code = text({ max: 60, pattern: /^[a-z][a-z0-9-]*$/ })

export const walletAsk = variant({
  note: { sealed: bytes({ max: sealedNoteBytesMax }) },
  mailbox: { request: bytes({ max: walletRequestBytesMax }) },
  'own-record': { request: bytes({ max: walletRequestBytesMax }) },
})
export type WalletAsk = Infer<typeof walletAsk>

export const walletAnswer = variant({
  /** The note is durable there. */
  taken: {},
  /** As it was asked for, in canonical form. */
  page: { bytes: bytes({ max: walletQuestions.answerBytesMax - 64 }) },
  /** `refusal`: of whoever refused behind the exchange. */
  refused: { reason: object({ type: code, refusal: option(code) }) },
})
export type WalletAnswer = Infer<typeof walletAnswer>

const page = (given: Uint8Array): WalletAnswer => ({ type: 'page', bytes: given })
const refused = (type: string, refusal: string | null = null): WalletAnswer => ({
  type: 'refused',
  reason: { type, refusal },
})

/** What a member answers a wallet, whichever way the wallet came. */
export async function answerWallet({ exchange, recovery }: MemberNode, asked: WalletAsk): Promise<WalletAnswer> {
  if (recovery?.shut) return refused('member-recovering')
  switch (asked.type) {
    case 'note': {
      const taken = await exchange.receive(asked.sealed)
      if (taken.ok) return { type: 'taken' }
      const { reason } = taken
      return refused(reason.type, 'refusal' in reason ? reason.refusal : null)
    }
    case 'mailbox': {
      const notices = exchange.mailboxes.fetch(asked.request)
      await exchange.durable()
      return notices.ok ? page(encode(noticePage, notices.value)) : refused(notices.reason.type)
    }
    case 'own-record': {
      const chart = await exchange.ownRecord.page(asked.request)
      return chart.ok ? page(chart.value) : refused(chart.reason.type)
    }
  }
}

/** The same for another member's node, which speaks for a wallet; undefined where what it sent is no ask. */
export async function answerRelayed(node: MemberNode, sent: Uint8Array): Promise<Uint8Array | undefined> {
  const asked = decode(walletAsk, sent, walletQuestions.questionBytesMax)
  return asked.ok ? encode(walletAnswer, await answerWallet(node, asked.value)) : undefined
}

/** Asks of wallets that wait for their turn at one member; whoever comes then is asked to come again. */
const waitingMax = 32
/** Whoever was not reached is not tried again for so long: those who wait hear of it at once. */
const awaySeconds = 2

/** Asks members that run elsewhere for wallets: of each one after another, so that its door has room for notes. */
export class WalletRelay {
  private readonly parts: OneRequestParts
  private readonly waiting = new Map<string, { count: number; last: Promise<unknown> }>()
  /** Until when a member counts as away, by the clock of `parts`. */
  private readonly away = new Map<string, number>()

  constructor(parts: OneRequestParts) {
    this.parts = parts
  }

  /** What the member answered, or why there is no answer: `node-busy` here, or `member-not-reached`. */
  async ask(member: string, asked: WalletAsk): Promise<WalletAnswer> {
    const queue = this.waiting.get(member) ?? { count: 0, last: Promise.resolve() }
    if (queue.count >= waitingMax) return refused('node-busy')
    this.waiting.set(member, queue)
    queue.count += 1
    const answered = queue.last.then(() => this.put(member, asked))
    queue.last = answered.catch(() => {})
    try {
      return await answered
    } finally {
      queue.count -= 1
      if (queue.count === 0) this.waiting.delete(member)
    }
  }

  private async put(member: string, asked: WalletAsk): Promise<WalletAnswer> {
    if ((this.away.get(member) ?? 0) > this.parts.now()) return refused('member-not-reached')
    const answer = await ask(this.parts, member, encode(walletAsk, asked), walletQuestions)
    const read = answer.ok ? decode(walletAnswer, answer.value, walletQuestions.answerBytesMax) : answer
    if (read.ok) this.away.delete(member)
    else this.away.set(member, this.parts.now() + awaySeconds)
    return read.ok ? read.value : refused('member-not-reached')
  }
}
