/** Refills and last days of prescriptions through the doors of a clinic and a pharmacy, on a clock that the test moves. */
import { practitioners } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clinic, hospital, npi, startWorld, type World } from './world.testing.ts'

const daySeconds = 86_400
/** New York in winter. */
const dayLagMinutes = 1_140

let world: World
/** How far the members' clocks are ahead of this machine's. */
let ahead = 0
beforeAll(async () => {
  world = await startWorld({}, () => Date.now() / 1_000 + ahead)
}, 60_000)
afterAll(() => world.close())

async function ask(member: string, path: string, body?: object, method = 'POST') {
  const response = await fetch(`${world.url}/v1/members/${member}/prescriptions${path}`, {
    method,
    headers: {
      authorization: `Bearer ${world.tokens[member]}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, document: (await response.json()) as Readonly<Record<string, unknown>> }
}

async function must(member: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
  const { status, document } = await ask(member, path, body)
  if (status !== 200) throw new Error(`${member} ${path}: ${JSON.stringify(document)}`)
  return document
}

async function look(member: string, handle: string) {
  const { document } = await ask(member, `/${handle}`, undefined, 'GET')
  return (document['items'] as readonly Readonly<Record<string, unknown>>[] | undefined)?.[0]
}

/** Time passes, and a block says so. */
async function pass(days: number): Promise<void> {
  ahead += days * daySeconds
  const { network } = world
  const key = publicKeyOf(network.node(clinic).clinicianSeed(npi))
  const again = { type: 'attest-role', npi, organisation: clinic, role: 'physician', key } as const
  const answer = await network.submit(clinic, practitioners, again)
  if (!answer.ok || answer.value.outcome.code !== 0) throw new Error('no block')
  const reached = () => [clinic, hospital].every((each) => network.node(each).replica.height() >= answer.value.height)
  await network.until(reached, 10, 'the block')
}

let orders = 0
async function signed(line: object): Promise<string> {
  const { handles } = await must(clinic, '', {
    ...{ organisation: clinic, order: `order ${++orders}`, npi, registration: null, dayLagMinutes },
    lines: [
      {
        drug: { system: 'rxnorm', code: '316672', display: 'Simvastatin 10 MG' },
        ...{ quantity: 30, unit: '{tbl}', directions: 'one in the evening', ...line },
      },
    ],
  })
  return (handles as readonly string[])[0] ?? ''
}

/** The clinic names the pharmacy on the patient's word, and the pharmacy has what it needs to claim. */
async function brought(handle: string): Promise<void> {
  await must(clinic, `/${handle}/nominate`, { pharmacy: hospital })
  await seen(hospital, handle, { named: true })
}

/** Notes and blocks come by themselves. */
async function seen(member: string, handle: string, wanted: Readonly<Record<string, unknown>>): Promise<void> {
  for (const end = performance.now() + 20_000; ; ) {
    const item = await look(member, handle)
    if (item && Object.entries(wanted).every(([name, value]) => item[name] === value)) return
    if (performance.now() > end) throw new Error(`${member} sees ${JSON.stringify(item)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const fill = (quantity: number) => ({
  ...{ quantity, lot: 'B-0815', pharmacist: npi },
  product: { system: 'ndc', code: '00093-7153-98', display: 'Simvastatin 10 MG' },
})
const refusedBy = (code: string, refusal: string) => ({ status: 409, document: { code, refusal } })

describe('an item with two refills, a week apart', () => {
  test('is filled three times by who is named for each, never early, never a fourth time', async () => {
    const handle = await signed({ refills: 2, refillWeeks: 1, lastsDays: 60 })
    await brought(handle)
    await must(hospital, `/${handle}/claim`)
    await must(hospital, `/${handle}/fill`, fill(30))
    await seen(clinic, handle, { status: 'filled', fill: 1, filled: 30 })
    expect(await ask(hospital, `/${handle}/fill`, fill(1))).toMatchObject(
      refusedBy('book-refused', 'more-than-authorised'),
    )
    expect(await ask(hospital, `/${handle}/complete`)).toMatchObject(refusedBy('ledger-refused', 'remainder-left'))

    await brought(handle)
    // A new fill: what was dispensed before stays on record, and counts for nothing now.
    expect(await look(hospital, handle)).toMatchObject({ status: 'available', fill: 2, filled: 0, held: false })
    expect(await ask(hospital, `/${handle}/claim`)).toMatchObject(refusedBy('ledger-refused', 'too-early'))
    expect(await ask(hospital, `/${handle}/fill`, fill(30))).toMatchObject(refusedBy('book-refused', 'not-held-here'))
    await pass(7)
    await must(hospital, `/${handle}/claim`)
    await must(hospital, `/${handle}/fill`, fill(10))
    expect(await ask(clinic, `/${handle}/nominate`, { pharmacy: hospital })).toMatchObject({ status: 200 })
    await must(hospital, `/${handle}/fill`, fill(20))
    await seen(clinic, handle, { status: 'filled', fill: 2, filled: 30 })

    await brought(handle)
    await pass(7)
    await must(hospital, `/${handle}/claim`)
    await must(hospital, `/${handle}/fill`, fill(30))
    expect(await ask(clinic, `/${handle}/nominate`, { pharmacy: hospital })).toMatchObject(
      refusedBy('ledger-refused', 'no-refills-left'),
    )
    expect((await ask(clinic, `/${handle}/cancel`)).document).toMatchObject({ code: 'R-0004' })
    await must(hospital, `/${handle}/complete`)
    for (const member of [clinic, hospital]) {
      await seen(member, handle, { status: 'completed', fill: 3, filled: 30 })
      const { fills } = (await look(member, handle)) as { readonly fills: readonly object[] }
      expect(fills).toMatchObject([
        { fill: 1, quantity: 30 },
        { fill: 2, quantity: 10 },
        { fill: 2, quantity: 20, filled: 30 },
        { fill: 3, quantity: 30 },
      ])
    }
  })

  test('whose refill nobody fetched gives it back, and the refill may be filled anew', async () => {
    const handle = await signed({ refills: 1, lastsDays: 60 })
    for (const number of [1, 2]) {
      await brought(handle)
      await must(hospital, `/${handle}/claim`)
      await must(hospital, `/${handle}/fill`, fill(30))
      await seen(clinic, handle, { status: 'filled', fill: number })
    }
    await must(hospital, `/${handle}/reverse`)
    await seen(clinic, handle, { status: 'held', fill: 2, filled: 0 })
    await must(hospital, `/${handle}/fill`, fill(30))
    // The first fill was complete before the second began: it is not taken back any more.
    await must(hospital, `/${handle}/reverse`)
    expect(await ask(hospital, `/${handle}/reverse`)).toMatchObject(refusedBy('ledger-refused', 'not-the-last-fill'))
  })
})

describe('an item whose last day is over', () => {
  const past = refusedBy('ledger-refused', 'past-its-end')

  test('is over for all who know it, and nothing of it is named, claimed, filled or cancelled any more', async () => {
    const [unclaimed, held, filled] = [
      await signed({ lastsDays: 3 }),
      await signed({ lastsDays: 3 }),
      await signed({ lastsDays: 3, refills: 1 }),
    ]
    for (const handle of [unclaimed, held, filled]) await brought(handle)
    for (const handle of [held, filled]) await must(hospital, `/${handle}/claim`)
    await must(hospital, `/${held}/fill`, fill(20))
    await must(hospital, `/${filled}/fill`, fill(30))
    await seen(clinic, filled, { status: 'filled' })
    expect(await ask(clinic, `/${unclaimed}/expire`)).toMatchObject(refusedBy('ledger-refused', 'not-yet-over'))

    // Through its last day it may be filled, as the day is counted where it was signed.
    await pass(3)
    await must(hospital, `/${held}/fill`, fill(5))
    await pass(1)
    expect(await ask(hospital, `/${unclaimed}/claim`)).toMatchObject(past)
    expect(await ask(hospital, `/${held}/fill`, fill(5))).toMatchObject(past)
    expect(await ask(clinic, `/${filled}/nominate`, { pharmacy: hospital })).toMatchObject(past)
    // Nobody has to say it: whoever knows the item sees that it is over.
    for (const [handle, dispensed] of [
      [unclaimed, 0],
      [held, 25],
      [filled, 30],
    ] as const)
      for (const member of [clinic, hospital]) await seen(member, handle, { status: 'expired', filled: dispensed })
    for (const handle of [unclaimed, held, filled])
      expect((await ask(clinic, `/${handle}/cancel`)).document).toEqual({
        code: 'R-0005',
        says: 'not cancelled, expired',
      })

    await must(clinic, `/${unclaimed}/expire`)
    await must(hospital, `/${held}/expire`)
    await must(hospital, `/${filled}/expire`)
    expect(await ask(hospital, `/${unclaimed}/expire`)).toMatchObject(refusedBy('ledger-refused', 'item-ended'))
    expect(await ask(hospital, `/${held}/fill`, fill(5))).toMatchObject(refusedBy('book-refused', 'not-held-here'))
    expect(await look(hospital, held)).toMatchObject({ status: 'expired', held: false, named: false })
    expect(await look(clinic, filled)).toMatchObject({ status: 'expired', filled: 30, fills: [{ quantity: 30 }] })
  })

  test('ends as cancelled where a cancellation had found it with its dispenser, and may still be given back', async () => {
    const [said, given] = [await signed({ lastsDays: 3 }), await signed({ lastsDays: 3 })]
    for (const handle of [said, given]) {
      await brought(handle)
      await must(hospital, `/${handle}/claim`)
      expect((await ask(clinic, `/${handle}/cancel`)).document).toMatchObject({ code: 'R-0002' })
    }
    await pass(4)
    await must(clinic, `/${said}/expire`)
    await must(hospital, `/${given}/return`)
    for (const handle of [said, given]) await seen(clinic, handle, { status: 'cancelled', filled: 0 })
  })
})
