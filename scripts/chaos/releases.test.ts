/** The judge of releases is not to be trusted before it has found what may not leave. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode, toHex, utf8 } from '@plexus/codec'
import { leafOf, merkleLeafHash, statementHash } from '@plexus/crypto'
import { memberNote } from '@plexus/exchange'
import type { Opening } from '@plexus/kernel'
import { receipt, statementTypes } from '@plexus/policy'
import { expect, onTestFinished, test } from 'vitest'
import { type Left, ReleaseJudge, readLeft } from './releases.ts'

const chain = new Uint8Array(32).fill(9)
const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const opened = (type: string, statement: Uint8Array, leafKey: Uint8Array): Opening => {
  return { type, statement, leafKey, index: 0, size: 1, path: [] }
}
const hashOf = ({ type, statement }: Opening): Uint8Array => statementHash(type, chain, statement)
const rootOf = (of: Opening): string => toHex(merkleLeafHash(leafOf(of.leafKey, hashOf(of))))

const intent = opened(statementTypes.intent, utf8('an intent'), filled(1))
const told = opened(
  statementTypes.receipt,
  encode(receipt, {
    custodian: 'hospital-1',
    intent: hashOf(intent),
    decision: { type: 'permit' },
    profile: 'us',
    profileVersion: 1,
    headVersion: 2,
    recordsRoot: filled(0),
    recordsCount: 0,
    chains: [],
    mailbox: null,
    number: 1,
    previous: filled(0),
    height: 5,
    madeAt: 0,
  }),
  filled(2),
)

function left({ at = 8, decidedAt = 7, release = 1, answers = intent } = {}): Left {
  const signature = { key: filled(3), signature: new Uint8Array(64) }
  const content = { custodian: 'hospital-1', receipt: hashOf(told), height: decidedAt, madeAt: 0 }
  const answer = encode(memberNote, {
    type: 'answer',
    intent: hashOf(answers),
    receipt: told,
    note: { content, signature },
    release: Uint8Array.of(release),
    records: [],
    disputes: [],
  })
  return { height: at, intent: answers, answer }
}

function judge({ intentAt = 5, receiptAt = 7, closedAt = 0 } = {}): ReleaseJudge {
  const batches = new Map([
    [rootOf(intent), intentAt],
    [rootOf(told), receiptAt],
  ])
  const closings = new Map(closedAt === 0 ? [] : [['handle of head 2', closedAt]])
  return new ReleaseJudge({ chain, seen: { batches, closings }, handleOf: (version) => `handle of head ${version}` })
}

test('an answer that left after its intent and its receipt, under an open head, is as it must be; so is its repeat', () => {
  const judging = judge({ closedAt: 9 })
  expect([judging.weigh(left()), judging.weigh(left())]).toEqual([[], []])
  expect([...judging.receipts]).toEqual([toHex(hashOf(told))])
})

test('keys that left before the receipt was applied, or whose intent came after it, or that no block has, are found', () => {
  expect(judge().weigh(left({ at: 6, decidedAt: 6 }))[0]).toContain('INV-R1')
  expect(judge({ intentAt: 7 }).weigh(left())[0]).toContain('INV-R1')
  expect(judge().weigh(left({ answers: opened(statementTypes.intent, utf8('never'), filled(4)) }))).toHaveLength(2)
  expect(judge().weigh(left({ decidedAt: 9 }))[0]).toContain('names block 9')
  expect(judge().weigh({ ...left(), answer: Uint8Array.of(1) })[0]).toContain('opens to no intent')
})

test('keys that left when the closing of their head was applied are found', () => {
  expect(judge({ closedAt: 8 }).weigh(left())).toEqual([expect.stringContaining('INV-R2')])
})

test('two answers to one intent are found', () => {
  const judging = judge()
  expect(judging.weigh(left())).toEqual([])
  expect(judging.weigh(left({ release: 2 }))).toEqual([expect.stringContaining('INV-R3')])
})

test('what a node wrote down as it left reads back, without a line that a kill cut off', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plexus-left-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { height, answer } = left()
  const { statement, leafKey, path } = intent
  const shown = { ...intent, statement: toHex(statement), leafKey: toHex(leafKey), path: path.map(toHex) }
  writeFileSync(join(folder, 'left'), `${JSON.stringify({ height, intent: shown, answer: toHex(answer) })}\n{"height":`)
  expect(readLeft(join(folder, 'left'))).toEqual([left()])
})
