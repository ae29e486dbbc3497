/** A custodian's key is replaced while something that it signed, or is about to sign, is on its way. */
import { members } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { beforeEach, expect, test } from 'vitest'
import { board, clinic, hospital, memberSeed, patient, seedOf, ward } from './founding.testing.ts'
import type { MemberNote } from './notes.ts'
import { recordOf, World } from './world.testing.ts'

const newSeed = seedOf('ward, later')
let world: World
let ask: Uint8Array

/** An ask has reached the ward, whose receipt is in a block: the next thing that its node does is to release. */
beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a'), recordOf('b')], ward)
  ask = await world.ask(await world.checkedIn(await world.enrolled([ward]), [ward]))
  world.block()
  await world.exchange(clinic).wake()
  await world.deliver(hospital)
  world.block()
})

/** In two blocks: both keys are good for a moment, then the old one is revoked. */
function replaceKey(...behind: readonly string[]): void {
  const next = { holder: ward, key: publicKeyOf(newSeed), scopes: ['custodian' as const], next: null }
  world.submit(hospital, members, { type: 'register-key', ...next }, [newSeed])
  world.block(...behind)
  world.submit(hospital, members, { type: 'revoke-key', key: publicKeyOf(memberSeed(ward)) })
  world.block(...behind)
}

async function answer(): Promise<Extract<MemberNote, { type: 'answer' }>> {
  await world.exchange(hospital).wake()
  const found = (await world.intercept(clinic)).findLast((note) => note.type === 'answer')
  if (!found) throw new Error('the ward did not answer')
  return found
}

const source = () => world.exchange(clinic).requester.gathered(ask)?.sources[0]

test('an answer that left before the key was revoked is taken after it, and the record is shown', async () => {
  const left = await answer()
  replaceKey()
  await world.say(hospital, clinic, left)
  expect(source()).toMatchObject({ state: 'fetching' })
  await world.settle()
  expect(source()).toMatchObject({ state: 'complete', custodian: ward })
  expect(source()?.records.map(({ verified }) => verified)).toEqual(['verified', 'verified'])
})

test('a release note under a key that was revoked before the height that it names is not taken', async () => {
  const left = await answer()
  replaceKey()
  const { content, signature } = left.note
  const later = world.exchange(hospital).receipts.signNote(ward, content.receipt)
  expect(later.signature.key).toEqual(signature.key)
  await world.say(hospital, clinic, { ...left, note: later })
  expect(source()).toMatchObject({ state: 'failed', code: 'release-note-invalid' })
})

test('an answer decided on blocks that the asker has not applied waits for them', async () => {
  world.block(clinic)
  const left = await answer()
  await world.say(hospital, clinic, left)
  expect(source()).toMatchObject({ state: 'sent' })
  world.catchUp(clinic)
  await world.exchange(clinic).wake()
  expect(source()).toMatchObject({ state: 'fetching' })
})

test('nothing is released under a key that is revoked: the asker is told so, and asks again', async () => {
  replaceKey()
  await world.exchange(hospital).wake()
  const told = await world.intercept(clinic)
  expect(told).toMatchObject([{ type: 'refusal', code: 'facts-changed' }])
  expect(
    world
      .node(hospital)
      .journal.writes.flat()
      .filter(({ table }) => table === 'releases'),
  ).toEqual([])
})

test('a correction that waits for its receiver is taken after the key that signed it was revoked', async () => {
  await world.settle()
  await world.exchange(hospital).run(({ corrections }) => corrections.enteredInError(ward, patient, 'Condition/a'))
  await world.deliver(board)
  await world.exchange(hospital).wake()
  const correction = (await world.intercept(clinic)).find((note) => note.type === 'correction')
  if (!correction) throw new Error('the ward told nothing')
  replaceKey()
  await world.say(hospital, clinic, correction)
  const [received] = world.exchange(clinic).corrections.list()
  expect(received).toMatchObject({ custodian: ward, kind: 'entered-in-error' })
  await world.exchange(clinic).run(({ corrections }) => corrections.acknowledge(received?.id ?? ''))
  await world.settle()
  expect(world.exchange(hospital).outbox.waiting).toBe(0)
})
