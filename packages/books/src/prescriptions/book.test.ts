import { encode, fromHex, no, ok, toHex, utf8 } from '@plexus/codec'
import { prescriptionNote } from '@plexus/sdk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { handleIn, npis, seedOf, World } from '../world.testing.ts'
import type { KnownItem, ListPlace } from './book.ts'
import type { Dispensed } from './dispenser.ts'
import type { Order, OrderedLine } from './signing.ts'

const oxycodone: OrderedLine = {
  drug: { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' },
  quantity: 30,
  unit: '{tbl}',
  schedule: 'II',
  directions: 'one tablet every six hours as needed for pain',
  note: '',
  limits: null,
  startsInDays: 0,
  lastsDays: 30,
  refills: 0,
  refillWeeks: 0,
  name: null,
}
const order: Order = {
  organisation: 'clinic',
  name: 'order-1',
  lines: [oxycodone],
  patient: { keys: null, mailbox: null },
  prescriber: { npi: npis[0], seed: seedOf(npis[0]), registration: 'AB1234563' },
  beside: [npis[1], npis[2]],
  registrar: 'board',
  authentication: seedOf('two factors'),
  dayLagMinutes: 1_140,
}
const dispensed: Dispensed = {
  quantity: 20,
  product: { system: 'ndc', code: '00406-0512-01', display: 'Oxycodone and acetaminophen' },
  lot: 'A-4711',
  pharmacist: { npi: npis[1], seed: seedOf(npis[1]) },
  pharmacy: npis[2],
  beside: [],
  remainder: 'requested',
  name: null,
}

let world: World
beforeEach(async () => {
  world = await World.start()
})
afterEach(() => world.close())

async function signed(of: Order = order): Promise<Uint8Array> {
  const { exchange, prescriptions } = world.node('clinic')
  const made = await exchange.run(() => prescriptions.prescriber.sign(of))
  if (!made.ok) throw new Error(made.reason.type)
  await world.settle()
  return handleIn(made.value)
}

/** Signed, nominated to this pharmacy, and claimed there. */
async function held(pharmacy: 'pharmacy-1' | 'pharmacy-2' = 'pharmacy-1'): Promise<Uint8Array> {
  const handle = await signed()
  expect(await world.done('clinic', (book) => book.prescriber.nominate(handle, pharmacy))).toBe('accepted')
  expect(await world.done(pharmacy, (book) => book.dispenser.claim(handle))).toBe('accepted')
  return handle
}

const at = (member: 'clinic' | 'pharmacy-1' | 'pharmacy-2', handle: Uint8Array) =>
  world.node(member).prescriptions.find(handle)[0]

describe('thirty tablets of oxycodone and acetaminophen (RxNorm 1049221)', () => {
  test('twenty are filled, the prescriber cancels: marked, the last ten refused, cancelled with twenty filled', async () => {
    const handle = await held()
    expect(await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, dispensed))).toBe('accepted')
    const { exchange, books, prescriptions } = world.node('clinic')
    const made = await exchange.run(() => prescriptions.prescriber.cancel(handle))
    if (!made.ok) throw new Error(made.reason.type)
    await world.settle()
    expect(prescriptions.prescriber.answerTo(handle, await books.outcome(made.value.step))).toEqual({
      code: 'R-0003',
      says: 'not cancelled, with dispenser, marked for cancellation',
    })
    const rest = { ...dispensed, quantity: 10, remainder: null }
    expect(await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, rest))).toBe('marked-for-cancellation')
    expect(await world.done('pharmacy-1', (book) => book.dispenser.move(handle, 'return-item'))).toBe('accepted')
    // The prescriber was told of the fill, and has held it against the ledger.
    expect(at('clinic', handle)).toMatchObject({
      status: 'cancelled',
      filled: 20,
      fills: [{ record: { quantity: 20 } }],
    })
  })

  test('no row of the journal and no byte of a block names the drug, and no third member has a note of it', async () => {
    const handle = await held()
    await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, dispensed))
    const blocks = world.blocks.flat().map(toHex).join('\n')
    const others = world.node('pharmacy-2').journal.held()
    for (const secret of ['1049221', 'Oxycodone', 'A-4711', 'pharmacy-1'])
      expect([secret, others.includes(toHex(utf8(secret)))]).toEqual([secret, false])
    for (const secret of ['1049221', 'Oxycodone', 'A-4711'])
      expect([secret, blocks.includes(toHex(utf8(secret)))]).toEqual([secret, false])
  })
})

describe('the list', () => {
  test('is told page by page, what was signed before what was brought, and nothing twice', async () => {
    const lines = Array.from({ length: 5 }, () => oxycodone)
    await signed({ ...order, lines })
    const { prescriptions } = world.node('clinic')
    const all = prescriptions.list().items
    for (const { handle } of all.slice(0, 3))
      expect(await world.done('clinic', (book) => book.prescriber.nominate(fromHex(handle), 'clinic'))).toBe('accepted')
    const told = prescriptions.list()
    expect(told.next).toBeNull()
    expect(told.items.map(({ side }) => side)).toEqual([
      ...Array.from({ length: 5 }, () => 'prescriber'),
      ...Array.from({ length: 3 }, () => 'dispenser'),
    ])
    for (const limit of [1, 2, 3, 5, 8]) {
      const pages: KnownItem[] = []
      let place: ListPlace | undefined
      do {
        const { items, next } = prescriptions.list(place, limit)
        expect(items.length).toBeLessThanOrEqual(limit)
        pages.push(...items)
        place = next ?? undefined
      } while (place)
      expect(pages).toEqual(told.items)
    }
  })
})

describe('an order', () => {
  test('is signed once, by its name', async () => {
    await signed()
    expect(await world.done('clinic', (book) => book.prescriber.sign(order))).toBe('order-known')
  })

  test('that no dispenser could fill is refused before anybody signs', async () => {
    const refusal = (change: Partial<Order>, line: Partial<OrderedLine> = {}) =>
      world.done('clinic', (book) => book.prescriber.sign({ ...order, ...change, lines: [{ ...oxycodone, ...line }] }))
    const { prescriber } = order
    expect(await refusal({}, { quantity: 0 })).toBe('quantity-missing')
    expect(await refusal({}, { limits: 'none' })).toBe('limits-too-loose')
    expect(await refusal({ prescriber: { ...prescriber, registration: 'AB1234562' } })).toBe('registration-invalid')
    expect(await refusal({ authentication: null })).toBe('authentication-missing')
    expect(await refusal({ patient: { keys: [seedOf('a'), seedOf('b')], mailbox: null } })).toBe('patient-keys-differ')
    // What only the ledger knows is refused by it, with its own code.
    expect(await refusal({}, { refills: 1 })).toBe('too-many-refills')
    expect(await refusal({ beside: ['1999999992'] })).toBe('licence-not-active')
  })

  test('of which the ledger wants nothing leaves nothing: the same name may be signed in its right form', async () => {
    const wrong = { ...order, lines: [{ ...oxycodone, refills: 1 }] }
    expect(await world.done('clinic', (book) => book.prescriber.sign(wrong))).toBe('too-many-refills')
    expect(world.node('clinic').prescriptions.list().items).toEqual([])
    await signed()
  })
})

describe('an item', () => {
  test('is claimed by one pharmacy of two that were named, and the other is told', async () => {
    const handle = await signed()
    await world.done('clinic', (book) => book.prescriber.nominate(handle, 'pharmacy-1'))
    await world.done('clinic', (book) => book.prescriber.nominate(handle, 'pharmacy-2'))
    expect(await world.done('pharmacy-2', (book) => book.dispenser.claim(handle))).toBe('accepted')
    expect(await world.done('pharmacy-1', (book) => book.dispenser.claim(handle))).toBe('held-by-another')
    expect(at('pharmacy-2', handle)?.held).toBe(true)
    expect(at('pharmacy-1', handle)?.held).toBe(false)
  })

  test('goes from pharmacy to pharmacy: offered by its holder, to whom the patient named', async () => {
    const handle = await held()
    expect(await world.done('pharmacy-1', (book) => book.dispenser.move(handle, 'offer-transfer'))).toBe('accepted')
    expect(await world.done('clinic', (book) => book.prescriber.nominate(handle, 'pharmacy-2'))).toBe('accepted')
    expect(await world.done('pharmacy-2', (book) => book.dispenser.claim(handle))).toBe('accepted')
    expect(at('pharmacy-1', handle)?.held).toBe(false)
    expect(await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, dispensed))).toBe('not-held-here')
    expect(await world.done('pharmacy-2', (book) => book.dispenser.fill(handle, dispensed))).toBe('accepted')
  })

  test('is not taken that was altered on its way, and whoever sent it is told', async () => {
    const handle = await signed()
    const row = world.node('clinic').prescriptions.prescriber.rowOf(handle)
    if (!row) throw new Error('nothing was signed')
    const content = row.prescription.content.slice()
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1
    const note = {
      ...{ type: 'nomination' as const, pharmacy: 'pharmacy-1', handle, claimantSeed: seedOf('claimant') },
      ...{ prescription: { ...row.prescription, content }, mailbox: null, names: null },
    }
    const taken = world.node('pharmacy-1').prescriptions.take('clinic', encode(prescriptionNote, note))
    expect(taken.ok ? 'ok' : taken.reason.type).toMatch(/not-as-signed|malformed/)
  })

  test('whose prescriber no licensing board registered is not taken', async () => {
    const handle = await signed({ ...order, registrar: 'pharmacy-2' })
    expect(await world.done('clinic', (book) => book.prescriber.nominate(handle, 'pharmacy-1'))).toBe('accepted')
    expect(await world.done('pharmacy-1', (book) => book.dispenser.claim(handle))).toBe('item-unknown')
  })

  test('was filled as the ledger says, and no pharmacy’s other word of it is believed', async () => {
    const handle = await held()
    expect(await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, dispensed))).toBe('accepted')
    const [fill] = world.node('pharmacy-1').prescriptions.dispenser.rowOf(handle)?.fills ?? []
    if (!fill) throw new Error('nothing was filled')
    const { record, leafKey } = fill.told
    const wordOf = (told: Partial<typeof fill.told>) => {
      const note = encode(prescriptionNote, { type: 'dispensed', handle, ...fill.told, ...told })
      return world.node('clinic').prescriptions.take('pharmacy-1', note)
    }
    const other = { ok: false, reason: { type: 'other-record' } }
    expect(wordOf({ leafKey, record: { ...record, quantity: record.quantity + 1 } })).toMatchObject(other)
    expect(wordOf({ leafKey: seedOf('another key') })).toMatchObject(other)
    expect(wordOf({ signature: new Uint8Array(64) })).toMatchObject(other)
    expect(wordOf({ leafKey, record })).toMatchObject({ ok: true })
  })

  test('that a wallet brings is taken only from who has the claimant’s key', async () => {
    const handle = await signed()
    await world.done('clinic', (book) => book.prescriber.nominate(handle, 'pharmacy-2'))
    const row = world.node('clinic').prescriptions.prescriber.rowOf(handle)
    if (!row) throw new Error('nothing was signed')
    const note = {
      ...{ type: 'nomination' as const, pharmacy: 'pharmacy-1', handle, claimantSeed: seedOf('thief') },
      ...{ prescription: row.prescription, mailbox: null, names: null },
    }
    const taken = world.node('pharmacy-1').prescriptions.take(null, encode(prescriptionNote, note))
    expect(taken).toMatchObject({ ok: false, reason: { type: 'not-its-key' } })
  })

  test('takes a fill back that nobody fetched, and is filled anew', async () => {
    const handle = await held()
    const whole = { ...dispensed, quantity: 30, remainder: null }
    expect(await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, whole))).toBe('accepted')
    const back = () =>
      world.done('pharmacy-1', ({ dispenser }) => {
        const [held, newest] = [dispenser.holding(handle), dispenser.newestFill(handle)]
        if (!held || !newest) return no({ type: 'nothing-to-take-back' })
        return ok(dispenser.reverseAlone(handle, newest.told.tag, held.holderSeed))
      })
    expect(await back()).toBe('accepted')
    expect(await back()).toBe('nothing-to-take-back')
    expect(at('pharmacy-1', handle)).toMatchObject({ filled: 0, fills: [{ reversed: true }] })
    expect(await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, whole))).toBe('accepted')
    expect(await world.done('pharmacy-1', (book) => book.dispenser.move(handle, 'complete'))).toBe('accepted')
    expect(await world.done('pharmacy-1', (book) => book.dispenser.fill(handle, whole))).toBe('not-held-here')
  })

  test('of a patient with a wallet is brought by the wallet alone', async () => {
    const handle = await signed({ ...order, patient: { keys: [seedOf('wallet')], mailbox: null } })
    expect(await world.done('clinic', (book) => book.prescriber.nominate(handle, 'pharmacy-1'))).toBe('patient-decides')
  })
})
