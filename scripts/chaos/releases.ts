/**
 * What every release under faults is held against: INV-R1 to INV-R4 of the design. What left is what the custodian's node put
 * on a connection; when something stood on the ledger, another member's events say.
 */
import { readFileSync } from 'node:fs'
import { decode, parseHex, toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { memberNote } from '@plexus/exchange'
import { type Opening, openingLeadsTo } from '@plexus/kernel'
import { receipt } from '@plexus/policy'

/** One answer with keys as it left. */
export interface Left {
  /** What the custodian's replica had applied. */
  readonly height: number
  /** The intent that it answers, opened. */
  readonly intent: Opening
  /** The note, before it was sealed. */
  readonly answer: Uint8Array
}

/** The ledger as an onlooker reads it off a member's events. */
export interface Seen {
  /** By root, in hexadecimal: the height of the batch. */
  readonly batches: ReadonlyMap<string, number>
  /** By handle, in hexadecimal: the height of its closing. */
  readonly closings: ReadonlyMap<string, number>
}

export interface Onlooker {
  readonly chain: Uint8Array
  readonly seen: Seen
  /** The handle of the patient's directive head of this version at the custodian, in hexadecimal. */
  readonly handleOf: (version: number) => string
}

interface LineOfLeft {
  readonly height: number
  readonly intent: Omit<Opening, 'leafKey' | 'path' | 'statement'> & {
    readonly statement: string
    readonly leafKey: string
    readonly path: readonly string[]
  }
  readonly answer: string
}

/** As `patched.ts` writes them down; the last one may be in the middle of a word. */
export function readLeft(file: string): readonly Left[] {
  const bytes = (hex: string): Uint8Array => {
    const read = parseHex(hex)
    if (!read) throw new Error('what left was not written down in hexadecimal')
    return read
  }
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const { height, intent, answer } = JSON.parse(line) as LineOfLeft
      const { statement, leafKey, path } = intent
      const opened = { ...intent, statement: bytes(statement), leafKey: bytes(leafKey), path: path.map(bytes) }
      return { height, intent: opened, answer: bytes(answer) }
    })
}

export class ReleaseJudge {
  /** Receipts of the answers that left, in hexadecimal. */
  readonly receipts = new Set<string>()
  /** By intent: the hash of the one answer to it. */
  private readonly answers = new Map<string, string>()
  private readonly onlooker: Onlooker

  constructor(onlooker: Onlooker) {
    this.onlooker = onlooker
  }

  /** Sentences about one answer; none when all holds. Whatever its heights name, `seen` must know already. */
  weigh({ height, intent, answer }: Left): readonly string[] {
    const { chain, seen, handleOf } = this.onlooker
    const read = decode(memberNote, answer, answer.length)
    const note = read.ok && read.value.type === 'answer' ? read.value : undefined
    const asked = openingLeadsTo(chain, intent)
    const answered = note && openingLeadsTo(chain, note.receipt)
    const told = note && decode(receipt, note.receipt.statement)
    if (!note || !asked || !answered || !told?.ok) return ['INV-R1: keys left with what opens to no intent and receipt']
    const wrong: string[] = []
    const key = toHex(asked.hash)
    const short = key.slice(0, 8)
    const intentAt = seen.batches.get(toHex(asked.root))
    const receiptAt = seen.batches.get(toHex(answered.root))
    if (key !== toHex(note.intent) || key !== toHex(told.value.intent))
      wrong.push(`INV-R1: the answer to ${short} has the receipt of another intent`)
    if (intentAt === undefined || receiptAt === undefined || intentAt >= receiptAt || receiptAt > height)
      wrong.push(`INV-R1: keys for ${short} left at ${height}, intent in block ${intentAt}, receipt in ${receiptAt}`)
    const decidedAt = note.note.content.height
    if (decidedAt < (receiptAt ?? 0) || decidedAt > height)
      wrong.push(`INV-R1: the note for ${short} names block ${decidedAt}, and left at ${height}`)
    const { headVersion } = told.value
    const closedAt = headVersion === null ? undefined : seen.closings.get(handleOf(headVersion))
    if (closedAt !== undefined && closedAt <= height)
      wrong.push(`INV-R2: keys for ${short} left at ${height} under head ${headVersion}, closed in block ${closedAt}`)
    const bytes = toHex(sha256(answer))
    if ((this.answers.get(key) ?? bytes) !== bytes) wrong.push(`INV-R3: ${short} was answered with different bytes`)
    this.answers.set(key, bytes)
    this.receipts.add(toHex(answered.hash))
    return wrong
  }
}
