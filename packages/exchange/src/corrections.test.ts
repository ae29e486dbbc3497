import { encode, utf8 } from '@plexus/codec'
import { publicKeyOf, sign, signedBytes } from '@plexus/crypto'
import { acknowledgement, correction, statementTypes } from '@plexus/policy'
import { beforeEach, describe, expect, test } from 'vitest'
import { board, clinic, hospital, memberSeed, patient, seedOf, ward } from './founding.testing.ts'
import type { MemberNote } from './notes.ts'
import { recordOf, World } from './world.testing.ts'

let world: World
beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a'), recordOf('b')])
  await world.ask(await world.checkedIn(await world.enrolled()))
  await world.settle()
})

type Correction = Extract<MemberNote, { type: 'correction' }>
type Acknowledged = Extract<MemberNote, { type: 'acknowledged' }>

const mark = (source = 'Condition/a') =>
  world.exchange(hospital).run(({ corrections }) => corrections.enteredInError(hospital, patient, source))
const received = () => world.exchange(clinic).corrections.list()
const waiting = () => world.exchange(hospital).outbox.waiting

function signed(schemaBytes: Uint8Array, type: string, seed: Uint8Array) {
  return { key: publicKeyOf(seed), signature: sign(seed, signedBytes(type, world.chain.id, schemaBytes)) }
}

/** The hospital's correction, taken off the wire; its other notices have arrived. */
async function told(): Promise<Correction> {
  await mark()
  await world.deliver(board)
  await world.deliver(hospital)
  const note = (await world.intercept(clinic)).find((each) => each.type === 'correction')
  if (!note) throw new Error('the hospital told nothing')
  return note
}

describe('a correction', () => {
  test('is for those who received the record, and for nobody else', async () => {
    await world.register([recordOf('late')])
    expect(await mark()).toEqual({ ok: true, value: { receivers: [clinic] } })
    expect(await mark('Condition/late')).toEqual({ ok: true, value: { receivers: [] } })
    expect(await mark()).toEqual({ ok: false, reason: { type: 'already-in-error' } })
    expect(await mark('Condition/none')).toEqual({ ok: false, reason: { type: 'record-unknown' } })
  })

  test('is told by whatever replaces the record: a new version that an import brings, or one that says it was an error', async () => {
    const reread = { bytes: utf8('{"resourceType":"Condition","id":"a","note":[]}') }
    const wrong = { bytes: utf8('{"resourceType":"Condition","id":"b","note":[]}'), enteredInError: true }
    await world.exchange(hospital).register(hospital, patient, [recordOf('a', reread), recordOf('b', wrong)])
    await world.exchange(hospital).wake()
    await world.deliver(clinic)
    expect(received().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['superseded', 'entered-in-error']))
    expect(received()).toHaveLength(2)
  })

  test('is taken from its custodian’s node, signed by its custodian, once', async () => {
    const note = await told()
    await world.say(hospital, clinic, note)
    await world.say(hospital, clinic, note)
    expect(received()).toMatchObject([{ custodian: hospital, kind: 'entered-in-error', acknowledged: false }])
  })

  test('is not taken from another, changed, or under another key', async () => {
    const note = await told()
    const { content, signature } = note
    const otherwise = { ...content, record: new Uint8Array(16) }
    const by = (seed: Uint8Array) => signed(encode(correction, content), statementTypes.correction, seed)
    await world.say(board, clinic, note)
    for (const change of [
      { content: otherwise, signature },
      { content, signature: by(memberSeed(board)) },
      { content, signature: by(memberSeed(ward)) },
      { content, signature: by(seedOf('nobody')) },
    ])
      await world.say(hospital, clinic, { type: 'correction', ...change })
    expect(received()).toEqual([])
  })

  test('is durable before anything is answered, and again after a restart', async () => {
    await world.say(hospital, clinic, await told())
    world.restart(clinic)
    expect(received()).toHaveLength(1)
  })
})

describe('an acknowledgement', () => {
  async function acknowledged(): Promise<Acknowledged> {
    await world.say(hospital, clinic, await told())
    const [first] = received()
    await world.exchange(clinic).run(({ corrections }) => corrections.acknowledge(first?.id ?? ''))
    const note = (await world.intercept(hospital)).find((each) => each.type === 'acknowledged')
    if (!note) throw new Error('the clinic acknowledged nothing')
    return note
  }

  test('ends the duty to tell', async () => {
    const note = await acknowledged()
    expect(waiting()).toBe(1)
    await world.say(clinic, hospital, note)
    expect(waiting()).toBe(0)
    expect(received()).toMatchObject([{ acknowledged: true }])
  })

  test('of another member, or under another key, ends nothing', async () => {
    const note = await acknowledged()
    const { content } = note
    const by = (seed: Uint8Array) => signed(encode(acknowledgement, content), statementTypes.acknowledgement, seed)
    await world.say(board, hospital, note)
    for (const seed of [memberSeed(board), seedOf('nobody')])
      await world.say(clinic, hospital, { type: 'acknowledged', content, signature: by(seed) })
    const changed = { ...content, madeAt: content.madeAt + 1 }
    await world.say(clinic, hospital, { type: 'acknowledged', content: changed, signature: note.signature })
    expect(waiting()).toBe(1)
  })

  test('that was lost is said again when the correction comes again', async () => {
    await acknowledged()
    world.time += 2
    await world.exchange(hospital).wake()
    await world.deliver(clinic)
    await world.deliver(hospital)
    expect(waiting()).toBe(0)
  })

  test('of nothing that was received is refused', async () => {
    expect(await world.exchange(clinic).corrections.acknowledge('00')).toEqual({
      ok: false,
      reason: { type: 'correction-unknown' },
    })
  })
})
