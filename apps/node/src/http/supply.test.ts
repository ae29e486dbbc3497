/** One pallet from its maker to a patient and back by a recall, through the doors of six members' nodes and a board's. */
import { toHex, utf8 } from '@plexus/codec'
import { checkDigit } from '@plexus/epcis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { now, SupplyNetwork, type Told, until } from './supply-network.testing.ts'

const maker = 'maker-pharma'
const north = 'wholesaler-north'
const others = ['wholesaler-east', 'wholesaler-west'] as const
const corner = 'pharmacy-corner'
const station = 'pharmacy-station'
const board = 'state-board'
const partners = [maker, north, ...others, corner, station]
const roles = { [maker]: 'maker', [north]: 'distributor', [corner]: 'dispenser', [station]: 'dispenser' }

const gtin = '00300021433802'
const lotNumber = 'A-4711'
const palletSscc = '006141411234567890'
const caseSsccs = [
  '106141411234567804',
  '106141411234567811',
  '106141411234567828',
  '106141411234567835',
  '106141411234567842',
  '106141411234567859',
  '106141411234567866',
  '106141411234567873',
  '106141411234567880',
  '106141411234567897',
] as const
const serialOf = (at: number, bottle: number) => `SN${100_000 + at * 100 + bottle}`
const unit = (at: number, bottle: number) => `(01)${gtin}(21)${serialOf(at, bottle)}(10)${lotNumber}`
const pallet = `(00)${palletSscc}`
const seventh = `(00)${caseSsccs[7]}`

let world: SupplyNetwork
beforeAll(async () => {
  world = await SupplyNetwork.open(partners, board)
}, 60_000)
afterAll(async () => {
  await world.close()
  expect(world.failures).toEqual([])
})

const ask = (member: string, path: string, body?: object) => world.ask(member, path, body)
const must = (member: string, path: string, body?: object) => world.must(member, path, body)
const move = (from: string, to: string, ...labels: readonly string[]) => world.move(from, to, ...labels)

async function scan(member: string, label: string, asked: string | null = null): Promise<Told['value']> {
  const first = await must(member, '/scans', { label, maker: asked })
  return until(async () => {
    const found = await must(member, `/scans/${String(first['scan'])}`)
    return found['answer'] === 'asked' ? undefined : found
  })
}

describe('one pallet of 120 bottles', () => {
  let lot = ''
  const books = async () => (await must(maker, `/lots/${lot}/trace`))['books'] as Readonly<Record<string, number>>
  const counts = async () => Object.values(await books()).toSorted((a, b) => a - b)
  const statuses = async () =>
    Object.entries(await books())
      .map(([entry, count]) => `${entry.split(' ')[0]} ${count}`)
      .toSorted()

  test('partners get one-time keys from the board, which people grant', async () => {
    await world.license(roles, 6)
    const validUntil = Math.floor(now()) + 86_400 * 365
    const again = await ask(board, '/grants', { role: 'maker', partners: [north], validUntil })
    expect(again).toMatchObject({ status: 409, value: { code: 'book-refused', refusal: 'nothing-asked' } })
  })

  test('the lot begins with all that is in it, each label once', async () => {
    const packages = caseSsccs.map((sscc, at) => ({
      sscc,
      serials: Array.from({ length: 12 }, (_, bottle) => serialOf(at, bottle)),
    }))
    const plan = {
      gtin,
      lot: lotNumber,
      endsAt: Math.floor(now()) + 40_000_000,
      packages: [{ sscc: palletSscc, packages }],
    }
    const made = await until(async () => {
      const told = await ask(maker, '/lots', plan)
      return told.value['refusal'] === 'no-key' ? undefined : told
    })
    expect(made.status).toBe(200)
    lot = String(made.value['lot'])
    expect(await ask(maker, '/lots', plan)).toMatchObject({ value: { refusal: 'label-known' } })
    expect(await statuses()).toEqual(['held 120'])
    expect(await scan(maker, unit(7, 3))).toMatchObject({ answer: 'good', incident: null })
  })

  test('it is shipped sealed, case 7 is taken out, sold on and opened; each owner is right at each step', async () => {
    await move(maker, north, pallet)
    expect(await counts()).toEqual([120])
    expect(await scan(maker, unit(7, 3))).toMatchObject({ answer: 'not-at-holder' })
    expect(await scan(north, unit(7, 3))).toMatchObject({ answer: 'good' })
    await must(north, '/unpack', { label: pallet, only: [seventh] })
    await move(north, corner, seventh)
    expect(await counts()).toEqual([12, 108])
    await must(corner, '/unpack', { label: seventh, only: [] })
    const { things } = await must(corner, `/things?${new URLSearchParams({ inside: seventh })}`)
    const shelf = Array.from({ length: 12 }, (_, bottle) => `01${gtin}21${serialOf(7, bottle)}`)
    expect((things as readonly { readonly label: string }[]).map(({ label }) => label).toSorted()).toEqual(shelf)
    expect(things).toMatchObject(shelf.map(() => ({ status: 'held', isHeldHere: true, isRecalled: false })))
    expect(await scan(corner, unit(7, 3))).toMatchObject({ answer: 'good' })
    const { dispensing } = await must(corner, '/dispensings', { labels: [unit(7, 3)], fill: null })
    expect(dispensing).toMatch(/^[0-9a-f]{64}$/)
    expect(await statuses()).toEqual(['dispensed 1', 'held 108', 'held 11'])
    const sold = await ask(north, '/shipments', { to: corner, labels: [seventh], purpose: 'trade' })
    expect(sold).toMatchObject({ status: 409, value: { refusal: 'not-held' } })
  })

  test('a wholesaler packs two cases anew and sells them; the buyer opens what was packed, and then a case', async () => {
    const body = '0061414112345679'
    const mixed = `${body}0${checkDigit(`${body}0`)}`
    const [first, second] = [1, 2].map((at) => `(00)${caseSsccs[at]}`) as [string, string]
    await must(north, '/unpack', { label: pallet, only: [first, second] })
    await must(north, '/pack', { sscc: mixed, labels: [first, second] })
    expect(await ask(north, '/shipments', { to: station, labels: [first], purpose: 'trade' })).toMatchObject({
      value: { refusal: 'not-held' },
    })
    await move(north, station, `(00)${mixed}`)
    expect(await scan(station, unit(1, 0))).toMatchObject({ answer: 'good' })
    await must(station, '/unpack', { label: `(00)${mixed}`, only: [] })
    await must(station, '/unpack', { label: first, only: [unit(1, 0)] })
    expect(await scan(station, unit(1, 0))).toMatchObject({ answer: 'good' })
    expect(await statuses()).toEqual(['dispensed 1', 'held 11', 'held 24', 'held 84'])
  })

  test('the label of the dispensed bottle at another pharmacy: refused, reported with its clock, former holders told', async () => {
    const shown = await scan(station, unit(7, 3), maker)
    expect(shown).toMatchObject({ answer: 'ended: dispensed', incident: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const reported = await until(async () => {
      const found = await must(station, `/scans/${String(shown['scan'])}`)
      return found['noticeDueAt'] === null ? undefined : found
    })
    const due = Number(reported['noticeDueAt'])
    expect(Math.abs(due - now() - 86_400)).toBeLessThan(60)
    for (const member of [maker, north, corner]) {
      const alerts = await until(async () => {
        const { alerts: found } = (await must(member, '/alerts')) as { readonly alerts: readonly object[] }
        return found.length > 0 ? found : undefined
      })
      expect(alerts).toMatchObject([{ type: 'reported', incident: shown['incident'], noticeDueAt: due }])
      expect(alerts).toMatchObject([{ label: `01${gtin}21${serialOf(7, 3)}` }])
    }
    expect((await world.act(station, `/scans/${String(shown['scan'])}/notified`)).status).toBe(200)
  })

  test('a guessed serial and one of another lot have one answer, and whoever guesses on is not heard', async () => {
    const guessed = await scan(station, `(01)${gtin}(21)SN1(10)${lotNumber}`, maker)
    const wrongLot = await scan(station, `(01)${gtin}(21)${serialOf(3, 3)}(10)B-1`, maker)
    expect([guessed, wrongLot].map(({ answer, incident }) => [answer, incident])).toEqual([
      ['not-made', null],
      ['not-made', null],
    ])
    const answers = new Set<unknown>()
    for (let at = 0; at < 140 && !answers.has('too-many-questions'); at++)
      answers.add((await scan(station, `(01)${gtin}(21)GUESS${at}(10)${lotNumber}`, maker))['answer'])
    expect(answers).toEqual(new Set(['not-made', 'too-many-questions']))
  }, 60_000)

  test('T-01: two other wholesalers find no product, serial, lot or partner in all that they hold', () => {
    const serials = caseSsccs.flatMap((_, at) => Array.from({ length: 12 }, (_each, bottle) => serialOf(at, bottle)))
    const secrets = [gtin, gtin.slice(1, 13), lotNumber, palletSscc, ...caseSsccs, ...serials]
    for (const member of others) {
      const { store, journal } = world.network.node(member)
      const held: string[] = []
      for (const [key, value] of store.entries('')) held.push(toHex(utf8(key)), toHex(value))
      for (let height = 1; ; height++) {
        const block = store.block(height)
        if (!block) break
        held.push(...block.transactions.map(toHex))
      }
      for (const table of [
        'supply-things',
        'supply-units',
        'supply-units-by-tag',
        'supply-labels',
        'supply-lots',
        'supply-alerts',
        'outbox',
      ])
        for (const [key, value] of journal.entries(table)) held.push(toHex(utf8(key)), toHex(value))
      const all = held.join('\n')
      expect(all.length).toBeGreaterThan(10_000)
      for (const secret of secrets) expect([secret, all.includes(toHex(utf8(secret)))]).toEqual([secret, false])
    }
  })

  test('a recall reaches every holder by itself, sealed pallets included, and the maker hears who has what', async () => {
    expect(await must(maker, '/recalls', { lots: [lot] })).toHaveProperty('height')
    for (const [member, held] of [
      [north, 84],
      [station, 24],
      [corner, 11],
    ] as const) {
      const alert = await until(async () => {
        const { alerts } = (await must(member, '/alerts')) as { readonly alerts: readonly { readonly type: string }[] }
        return alerts.find(({ type }) => type === 'recalled')
      })
      expect(alert).toMatchObject({ lot, held })
    }
    const elsewhere = await until(async () => {
      const { alerts } = (await must(maker, '/alerts')) as { readonly alerts: readonly { readonly type: string }[] }
      const found = alerts.filter(({ type }) => type === 'held-elsewhere')
      return found.length === 3 ? found : undefined
    })
    expect(elsewhere).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ holder: north, held: 84, dispensed: 0 }),
        expect.objectContaining({ holder: station, held: 24, dispensed: 0 }),
        expect.objectContaining({ holder: corner, held: 11, dispensed: 1 }),
      ]),
    )
    expect(await scan(corner, unit(7, 4))).toMatchObject({ answer: 'recalled' })
    const refusedFill = await ask(corner, '/dispensings', { labels: [unit(7, 4)], fill: null })
    expect(refusedFill).toMatchObject({ status: 409, value: { code: 'ledger-refused', refusal: 'recalled' } })
  })

  test('a bottle with a broken seal stands still, another is destroyed, and why is kept here alone', async () => {
    const why = 'The seal is broken.'
    await must(corner, '/quarantines', { label: unit(7, 4), why })
    await must(corner, '/endings', { label: unit(7, 5), as: 'destroyed', why })
    expect(await ask(corner, '/endings', { label: unit(7, 5), as: 'eaten', why })).toMatchObject({ status: 400 })
    expect((await must(corner, '/holdings'))['holdings']).toMatchObject([
      { number: 1, label: `01${gtin}21${serialOf(7, 4)}`, what: 'quarantined', why, stands: true },
      { number: 2, label: `01${gtin}21${serialOf(7, 5)}`, what: 'destroyed', why, stands: true },
    ])
    for (const member of [maker, north]) expect(await must(member, '/holdings')).toEqual({ holdings: [] })
    expect(await statuses()).toEqual(['destroyed 1', 'dispensed 1', 'held 10', 'held 24', 'held 84'])
  })

  test('what stands still goes on in its holder’s hands once its maker agreed', async () => {
    const asked = await must(corner, '/verifications', { label: unit(7, 4), why: 'It is the seal of the new pattern.' })
    const id = String(asked['agreement'])
    type Listed = readonly { readonly agreement: string; readonly status: string; readonly isOpen: boolean }[]
    const found = async (member: string) =>
      ((await must(member, '/agreements'))['agreements'] as Listed).find(({ agreement }) => agreement === id)
    await until(() => found(maker))
    expect((await found(maker))?.isOpen).toBe(true)
    expect(await world.act(corner, `/agreements/${id}/agree`)).toMatchObject({ value: { refusal: 'nothing-asked' } })
    expect(await world.act(maker, `/agreements/${id}/agree`)).toMatchObject({ status: 200 })
    await until(async () => (await found(maker))?.status === 'stands' || undefined)
    await until(async () => (await found(corner))?.isOpen === false || undefined)
    const missing = { lost: [], found: [], why: 'Nobody sent it.' }
    const answer = await ask(corner, `/shipments/${'0'.repeat(64)}/resolve`, missing)
    expect(answer.value['refusal']).toBe('shipment-unknown')
  })

  test('what is no label, or stands nowhere, is refused by its name', async () => {
    for (const [member, path, body, refusal] of [
      [corner, '/scans', { label: '(01)00300021433803(21)A', maker: null }, 'label-malformed'],
      [corner, '/unpack', { label: unit(0, 0), only: [] }, 'label-unknown'],
      [corner, `/things?${new URLSearchParams({ inside: pallet })}`, undefined, 'label-unknown'],
      [north, '/unpack', { label: unit(0, 0), only: [] }, 'not-a-package'],
      [north, '/recalls', { lots: [lot] }, 'not-our-lot'],
      [maker, '/recalls', { lots: [lot] }, 'already-recalled'],
      [corner, '/clearances', { label: unit(7, 4), why: 'It looks fine.' }, 'not-our-lot'],
      [corner, '/endings', { label: unit(7, 5), as: 'lost', why: 'It is gone.' }, 'parcel-ended'],
      [north, `/shipments/${'0'.repeat(64)}/receive`, { missing: [], damaged: [] }, 'shipment-unknown'],
    ] as const)
      expect([path, (await ask(member, path, body)).value['refusal']]).toEqual([path, refusal])
    expect(await world.act(north, `/shipments/${'0'.repeat(64)}/withdraw`)).toMatchObject({
      value: { refusal: 'shipment-unknown' },
    })
  })
})
