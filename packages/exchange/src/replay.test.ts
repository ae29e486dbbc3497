/** T-11: what was committed once is accepted nowhere again, and what was signed as one thing is nothing else. */
import { decode, encode, type Schema, toHex } from '@plexus/codec'
import { members, notary, practitioners } from '@plexus/contracts'
import { publicKeyOf, sign, signedBytes, statementHash, verify } from '@plexus/crypto'
import { openingLeadsTo, readEnvelope, validSecondsMax } from '@plexus/kernel'
import * as statements from '@plexus/policy'
import { changeDirectives } from '@plexus/sdk'
import { expect, test } from 'vitest'
import { BranchingLedger } from './branching-ledger.testing.ts'
import { board, clinic, hospital, memberSeed } from './founding.testing.ts'
import { memberNote } from './notes.ts'
import type { SealedBlock } from './replica.testing.ts'
import { recordOf, World } from './world.testing.ts'

/** Every kind of transaction of the notary and some of the others, in a few blocks. */
async function lived(): Promise<{ readonly world: World; readonly blocks: readonly SealedBlock[] }> {
  const world = await World.start()
  await world.register([recordOf('a')])
  const client = await world.enrolled()
  const visit = await world.checkedIn(client)
  await world.ask(visit)
  await world.settle()
  await client.changeDirectives(hospital, [])
  world.submit(board, practitioners, { type: 'suspend-licence', npi: '1234567893' })
  world.submit(hospital, members, { type: 'register-tenant', tenant: 'annex' })
  await world.settle()
  world.block()
  const { replica } = world.node(board)
  const blocks: SealedBlock[] = []
  for (let height = 1; height <= replica.tip().height; height++) blocks.push(replica.block(height) as SealedBlock)
  return { world, blocks }
}

test('T-11: every committed transaction is refused at every later height, until and after its end, and on another chain', async () => {
  const { world, blocks } = await lived()
  const other = await World.start({ intentSecondsMax: 299 })
  expect(toHex(other.chain.id)).not.toBe(toHex(world.chain.id))
  const elsewhere = new BranchingLedger(other.chain, [])
  const kinds = new Set<string>()
  const refusals = new Map<string, number>()
  const count = (space: string, code: number): void => {
    const name = `${space} ${code}`
    refusals.set(name, (refusals.get(name) ?? 0) + 1)
  }
  let replays = 0
  for (let height = 1; height <= blocks.length; height++) {
    const ledger = new BranchingLedger(world.chain, blocks.slice(0, height))
    const { time } = ledger.trunk.applied.tip
    for (const envelope of blocks.slice(0, height).flatMap(({ transactions }) => transactions)) {
      const read = readEnvelope(envelope)
      if (!read.ok) throw new Error('a block holds what is no envelope')
      kinds.add(read.value.body.contract)
      const { validUntil } = read.value.body
      // In the next block, in the last second of its life, and long after.
      for (const at of [time, Math.max(time, validUntil), Math.max(time, validUntil) + validSecondsMax]) {
        const [outcome] = ledger.next(ledger.trunk, [envelope], at).applied.outcomes
        if (!outcome) throw new Error('a transaction without an outcome')
        count(outcome.space, outcome.code)
        replays++
      }
      if (height < blocks.length) continue
      const [abroad] = elsewhere.next(elsewhere.trunk, [envelope], time).applied.outcomes
      expect(abroad).toEqual({ space: 'kernel', code: 2 })
    }
  }
  expect([...kinds].sort()).toEqual(['members', notary.name, practitioners.name])
  expect(replays).toBeGreaterThan(200)
  // Replayed or expired, and never accepted.
  expect([...refusals.keys()].sort()).toEqual(['kernel 3', 'kernel 5'])
})

/** What is signed or committed to besides the statements of the exchange. */
const otherTypes = ['transaction', 'header', 'note', 'mailbox-request', 'leaf']

test('T-11: a signature or statement of one type is none of any other, over the same bytes', () => {
  const types = [...new Set([...Object.values(statements.statementTypes), ...otherTypes])]
  const chain = new Uint8Array(32).fill(7)
  const seed = memberSeed(clinic)
  const key = publicKeyOf(seed)
  const bytes = encode(memberNote, { type: 'deposited', id: chain })
  let confused = 0
  let right = 0
  for (const signedAs of types) {
    const signature = sign(seed, signedBytes(signedAs, chain, bytes))
    const name = toHex(statementHash(signedAs, chain, bytes))
    for (const takenAs of types) {
      const holds = verify(key, signedBytes(takenAs, chain, bytes), signature)
      const isSame = toHex(statementHash(takenAs, chain, bytes)) === name
      if (signedAs === takenAs) right += holds && isSame ? 1 : 0
      else confused += holds || isSame ? 1 : 0
    }
  }
  expect(types.length).toBeGreaterThan(12)
  expect({ right, confused }).toEqual({ right: types.length, confused: 0 })
})

test('T-11: the bytes of one kind of statement do not read as another kind, nor does what was opened under another type', async () => {
  const world = await World.start()
  await world.register([recordOf('a')])
  const client = await world.enrolled()
  await world.ask(await world.checkedIn(client))
  world.block()
  await world.exchange(clinic).wake()
  const request = (await world.intercept(hospital)).find((note) => note.type === 'request')
  if (!request) throw new Error('the clinic asked nothing')
  await world.say(clinic, hospital, request)
  world.block()
  await world.exchange(hospital).wake()
  const answer = (await world.intercept(clinic)).find((note) => note.type === 'answer')
  if (!answer) throw new Error('the hospital answered nothing')
  const openings = [request.intent, ...request.evidence, answer.receipt, ...answer.records]
  const change = changeDirectives(client.wallet, { custodian: hospital, directives: [], now: world.time })
  if (!change.ok || change.value.note.type !== 'directive-set') throw new Error('no change of directives')
  const samples: readonly (readonly [string, Uint8Array])[] = [
    ...openings.map(({ type, statement }) => [type, statement] as const),
    ['release-note', encode(statements.releaseNoteContent, answer.note.content)],
    ['directive-set', encode(statements.directiveSetContent, change.value.note.set.content)],
  ]
  const schemas: readonly (readonly [string, Schema<unknown>])[] = [
    ['acknowledgement', statements.acknowledgement],
    ['correction', statements.correction],
    ['directive-set', statements.directiveSetContent],
    ['enrolment', statements.enrolmentContent],
    ['evidence', statements.evidence],
    ['intent', statements.intent],
    ['receipt', statements.receipt],
    ['record-version', statements.recordVersion],
    ['release-note', statements.releaseNoteContent],
  ]
  const wrong = samples.flatMap(([is, bytes]) =>
    schemas.filter(([type, schema]) => decode(schema, bytes).ok !== (is === type)).map(([type]) => `${is} as ${type}`),
  )
  expect(wrong).toEqual([])
  const kinds = [...new Set(samples.map(([is]) => is))].sort()
  expect(kinds).toEqual(['directive-set', 'evidence', 'intent', 'receipt', 'record-version', 'release-note'])
  // An opening leads to its root under its own type alone.
  for (const opening of openings) {
    const root = toHex(openingLeadsTo(world.chain.id, opening)?.root ?? new Uint8Array(0))
    for (const type of Object.values(statements.statementTypes).filter((each) => each !== opening.type))
      expect(toHex(openingLeadsTo(world.chain.id, { ...opening, type })?.root ?? new Uint8Array(0))).not.toBe(root)
  }
})
