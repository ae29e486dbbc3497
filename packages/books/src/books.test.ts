import { encode, no, object, ok, utf8 } from '@plexus/codec'
import { memberNote, NoteDesk, notYet } from '@plexus/exchange'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Order } from './prescriptions/signing.ts'
import { npis, seedOf, World } from './world.testing.ts'

const order: Order = {
  organisation: 'clinic',
  name: 'order-1',
  lines: [
    {
      ...{ drug: { system: 'rxnorm', code: '316672', display: 'Simvastatin 10 MG' }, quantity: 30, unit: '{tbl}' },
      ...{ schedule: null, directions: 'one in the evening', note: '', limits: null, startsInDays: 0 },
      ...{ lastsDays: null, refills: 1, refillWeeks: 0, name: null },
    },
  ],
  patient: { keys: null, mailbox: null },
  prescriber: { npi: npis[0], seed: seedOf(npis[0]), registration: null },
  beside: [],
  registrar: null,
  authentication: null,
  dayLagMinutes: 1_140,
}

let world: World
beforeEach(async () => {
  world = await World.start()
})
afterEach(() => world.close())

const sign = () => {
  const { exchange, prescriptions } = world.node('clinic')
  return exchange.run(() => prescriptions.prescriber.sign(order))
}
const statusAtClinic = () => world.node('clinic').prescriptions.list().items[0]?.status

describe('a step', () => {
  test('that the engine lost is submitted again, byte for byte, also after a restart', async () => {
    world.lost = (member) => member === 'clinic'
    const made = await sign()
    await world.wake()
    expect(world.pool).toEqual([])
    world.restart('clinic')
    world.lost = () => false
    await world.wake()
    const [first] = world.pool.splice(0)
    world.time += 3
    await world.wake()
    expect(world.pool[0]).toEqual(first)
    await world.settle()
    expect(statusAtClinic()).toBe('signed')
    expect(made.ok).toBe(true)
  })

  test('whose block its node did not live to see is found there by the next one', async () => {
    await sign()
    await world.wake()
    world.block('clinic')
    world.restart('clinic')
    world.catchUp('clinic')
    await world.settle()
    const { prescriptions } = world.node('clinic')
    expect(prescriptions.prescriber.rowOf(rowHandle())?.height).toBe(1)
  })

  test('that no block took in its time has lapsed, and may be made anew', async () => {
    world.lost = (member) => member === 'clinic'
    const made = await sign()
    if (!made.ok) throw new Error(made.reason.type)
    for (let block = 0; block < 160; block++) world.block()
    await world.wake()
    expect(await world.node('clinic').books.outcome(made.value.step)).toEqual({ type: 'lapsed' })
    world.lost = () => false
    expect((await sign()).ok).toBe(true)
    await world.settle()
    expect(statusAtClinic()).toBe('signed')
  })

  test('that the door finds expired is not refused yet: the time of blocks tells its end', async () => {
    world.lost = () => true
    const made = await sign()
    if (!made.ok) throw new Error(made.reason.type)
    await world.wake()
    world.lost = () => false
    world.time += 400
    await world.wake()
    expect(world.pool).toEqual([])
    for (let block = 0; block < 160; block++) world.block()
    await world.wake()
    expect(await world.node('clinic').books.outcome(made.value.step)).toEqual({ type: 'lapsed' })
  })

  test('that nobody made has no outcome', async () => {
    await expect(world.node('clinic').books.outcome('00'.repeat(32))).rejects.toThrow('no such step')
  })
})

function rowHandle(): Uint8Array {
  const [row] = world.node('clinic').prescriptions.prescriber.rows(null, 1)
  if (!row) throw new Error('nothing was signed')
  return row.handle
}

describe('a note to a book', () => {
  test('comes again until it is answered, and is taken once', async () => {
    await sign()
    await world.settle()
    const handle = rowHandle()
    const { exchange, prescriptions } = world.node('clinic')
    await exchange.run(() => prescriptions.prescriber.nominate(handle, 'pharmacy-1'))
    await world.wake()
    world.block()
    await world.wake()
    const lost = world.wire.splice(0)
    expect(lost.map(({ to }) => to)).toEqual(['pharmacy-1'])
    world.time += 2
    await world.wake()
    expect(world.wire.map(({ to }) => to)).toEqual(['pharmacy-1'])
    world.wire.push(...lost)
    await world.settle()
    expect(world.node('pharmacy-1').prescriptions.list().items).toHaveLength(1)
    expect(exchange.idle).toBe(true)
  })

  test('has one answer: taken is taken, refused stays refused, and what nobody could know yet is asked again', async () => {
    const answers = [no({ type: notYet }), no({ type: 'shelf-full' }), ok([])]
    let asked = 0
    const { books } = world.node('pharmacy-1')
    books.open('beds', () => ({ take: () => answers[asked++] ?? ok([]), ended: () => [] }))
    const said = async (name: string) => {
      const answer = await books.take('clinic', { id: seedOf(name), contract: 'beds', body: utf8(name) })
      return answer.ok ? 'taken' : answer.reason.type
    }
    expect([await said('first'), await said('first'), await said('first')]).toEqual([
      notYet,
      'shelf-full',
      'shelf-full',
    ])
    expect([await said('second'), await said('second'), asked]).toEqual(['taken', 'taken', 3])
  })

  test('about what the receiver’s replica does not have yet waits for it', async () => {
    await sign()
    await world.wake()
    world.block('pharmacy-1')
    await world.wake()
    const handle = rowHandle()
    const { exchange, prescriptions } = world.node('clinic')
    await exchange.run(() => prescriptions.prescriber.nominate(handle, 'pharmacy-1'))
    await world.wake()
    world.block('pharmacy-1')
    await world.wake()
    while (world.wire.length > 0) await world.deliver()
    expect(world.node('pharmacy-1').prescriptions.list().items).toEqual([])
    expect(exchange.idle).toBe(false)
    world.catchUp('pharmacy-1')
    world.time += 2
    await world.settle()
    expect(world.node('pharmacy-1').prescriptions.list().items).toHaveLength(1)
  })

  test('of a contract without a book is refused, and so is one that says nothing', async () => {
    const desk = new NoteDesk({
      chain: world.chain.id,
      member: 'clinic',
      seed: seedOf('clinic'),
      sealingSeed: seedOf('sealing clinic'),
      state: () => world.node('clinic').replica.state,
      send: () => {},
    })
    const answerTo = async (contract: string, body: Uint8Array) => {
      const id = seedOf(contract)
      const note = encode(memberNote, { type: 'book', id, contract, part: { type: 'note', body } })
      const sealed = await desk.seal('pharmacy-1', note)
      if (!sealed) throw new Error('the pharmacy is no member')
      await world.node('pharmacy-1').exchange.receive(sealed)
      const [answer] = world.wire.splice(0)
      const opened = answer && (await desk.open(answer.sealed))
      return opened?.ok ? opened.value.note : undefined
    }
    expect(await answerTo('beds', utf8('x'))).toMatchObject({ part: { type: 'refused', code: 'book-unknown' } })
    const nothing = encode(object({}), {})
    expect(await answerTo('prescriptions', nothing)).toMatchObject({ part: { type: 'refused', code: 'malformed' } })
  })
})
