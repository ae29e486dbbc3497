/** A payer, a pharmacy and a covered entity over their own doors: terms, claims, money and both endings of a late 340B flag. */
import { encode, toHex } from '@plexus/codec'
import { dayAt, type PrescriptionsTransaction, prescriptions, whole } from '@plexus/contracts'
import { handleOf, publicKeyOf, systemRandom } from '@plexus/crypto'
import { sealEnvelope } from '@plexus/kernel'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { board, clinic, hospital, npi, refused, startWorld, type World } from './world.testing.ts'

const [maker, pharmacy, entity] = [board, hospital, clinic]
const product = '00003089421'
const place = { lagMinutes: 840 }

let world: World
beforeAll(async () => {
  world = await startWorld()
}, 60_000)
afterAll(() => world.close())

const address = (member: string, path: string) => `${world.url}/v1/members/${member}/rebates${path}`

async function ask(member: string, path: string, body?: object | null): Promise<Record<string, unknown>> {
  const response = await fetch(address(member, path), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${world.tokens[member]}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${text}`)
  return text === '' ? {} : JSON.parse(text)
}

const nowSeconds = () => Math.floor(Date.now() / 1000)
const terms = (name: string, claimant: string, programme: string, price: string) => ({
  name,
  with: claimant,
  role: 'payer',
  programme,
  arbiter: null,
  startsAt: nowSeconds() - 86_400,
  endsAt: nowSeconds() + 86_400,
  currency: 'USD',
  rounding: 'half-even',
  rates: [{ product, unit: '{vial}', price, unitsMax: '5000' }],
})

async function agreed(name: string, claimant: string, programme: string, price: string): Promise<string> {
  const { terms: handle } = await ask(maker, '', terms(name, claimant, programme, price))
  await vi.waitFor(async () => expect(await ask(claimant, `/${handle}`)).toMatchObject({ waitsFor: 'own' }), 20_000)
  await ask(claimant, `/${handle}/sign`, null)
  await vi.waitFor(async () => expect(await ask(maker, `/${handle}`)).toMatchObject({ state: 'signed' }), 20_000)
  return String(handle)
}

/** An item that is signed, made available, claimed and filled: the seed of the fill's tag. */
async function filled(): Promise<{ readonly tagSeed: string; readonly tag: string }> {
  const [item, patient, claimant, holder, tag] = Array.from({ length: 5 }, () => systemRandom(32)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const hashOf = (seed: Uint8Array) => handleOf(publicKeyOf(seed))
  const issuedDay = dayAt(nowSeconds(), place)
  const handle = hashOf(item)
  const line = { handle, patient: hashOf(patient), content: systemRandom(32), limits: 'none' as const, issuedDay }
  const days = { firstDay: issuedDay, lastDay: issuedDay + 30, refills: 0, refillWeeks: 0 }
  const signed = { organisation: clinic, registrar: null, prescribers: [npi], dayLagMinutes: place.lagMinutes }
  const dispensers = [{ organisation: clinic, pharmacy: npi, pharmacists: [npi] }]
  const dispensing = { record: systemRandom(32), dispensers }
  const steps: readonly (readonly [PrescriptionsTransaction, Uint8Array | null])[] = [
    [{ type: 'sign-items', ...signed, items: [{ ...line, ...days }] }, null],
    [{ type: 'make-available', handle, claimant: hashOf(claimant) }, patient],
    [{ type: 'claim', handle, holder: hashOf(holder) }, claimant],
    [{ type: 'fill', handle, level: whole, ...dispensing, tag: hashOf(tag), remainder: null }, holder],
  ]
  for (const [transaction, seed] of steps) {
    const envelope = sealEnvelope(
      {
        chain: world.network.chain.id,
        sponsor: clinic,
        nonce: systemRandom(16),
        validUntil: nowSeconds() + 300,
        contract: prescriptions.name,
        transaction: encode(prescriptions.transaction, transaction),
      },
      [world.network.node(clinic).seed, ...(seed ? [seed] : [])],
    )
    const answer = await world.network.submitEnvelope(clinic, envelope)
    expect(answer).toMatchObject({ ok: true, value: { outcome: { code: 0 } } })
  }
  return { tagSeed: toHex(tag), tag: toHex(hashOf(tag)) }
}

async function accrued(claimant: string, contract: string, fill: { tagSeed: string; tag: string }, units: string) {
  const kept = { tagSeed: fill.tagSeed, pharmacy: npi, filledAt: nowSeconds() }
  await vi.waitFor(async () => expect(await ask(claimant, '/fills', kept)).toEqual({ tag: fill.tag }), 20_000)
  const { accrual } = await ask(claimant, `/${contract}/accruals`, { tag: fill.tag, product, unit: '{vial}', units })
  return String(accrual)
}

async function stands(member: string, contract: string, accrual: string, wanted: object): Promise<void> {
  await vi.waitFor(async () => {
    const { accruals } = (await ask(member, `/${contract}`)) as { accruals: readonly { accrual: string }[] }
    expect(accruals.find((each) => each.accrual === accrual)).toMatchObject({ underWay: false, ...wanted })
  }, 20_000)
}

test('AMP 100, best price 70, base 80, index 200 → 230: a unit rebate of 38.00 and a ceiling of 62.00; with 250 no inflation part', async () => {
  const quarter = {
    category: 'innovator',
    amp: '100',
    bestPrice: '70',
    base: { amp: '80', index: '200' },
    index: '230',
  }
  const shown = { basic: '30.000000', additional: '8.000000', unitRebate: '38.000000', ceiling: '62.000000' }
  expect(await ask(maker, '/prices', quarter)).toEqual(shown)
  expect(await ask(maker, '/prices', { ...quarter, index: '250' })).toMatchObject({ additional: '0.000000' })
})

test('1,000 units at 38.00: 38,000.00 accrue, are validated by the payer’s book, approved, settled, and audited by both', async () => {
  const contract = await agreed('state rebates', pharmacy, 'medicaid', '38')
  const accrual = await accrued(pharmacy, contract, await filled(), '1000')
  await stands(maker, contract, accrual, { status: 'validated', check: 'due', amount: '38000.00' })
  await ask(maker, `/accruals/${accrual}/approve`, null)
  expect(await ask(maker, `/${contract}/settle`, null)).toEqual({ number: 1, net: '38000.00', lines: 1 })
  for (const member of [maker, pharmacy]) {
    await stands(member, contract, accrual, { status: 'settled', paid: '38000.00', due: '0.00' })
    const sums = { approved: '38000.00', settled: '38000.00', reversed: '0.00', open: '0.00', moved: '38000.00' }
    expect(await ask(member, `/${contract}/audit`)).toMatchObject(sums)
  }
}, 60_000)

async function refunded(name: string) {
  const contract = await agreed(name, pharmacy, 'mfp', '290')
  const fill = await filled()
  const refund = await accrued(pharmacy, contract, fill, '1')
  await stands(maker, contract, refund, { status: 'validated', amount: '290.00' })
  await ask(maker, `/accruals/${refund}/approve`, null)
  await ask(maker, `/${contract}/settle`, null)
  await stands(pharmacy, contract, refund, { status: 'settled', paid: '290.00' })
  return { contract, fill, refund }
}

/** Refused at its entry: the claim is kept, and may ask for the place. */
async function lateFlag(name: string, price: string, fill: { tagSeed: string; tag: string }) {
  const contract = await agreed(name, entity, '340b', price)
  const body = { tag: fill.tag, product, unit: '{vial}', units: '1' }
  await ask(entity, '/fills', { tagSeed: fill.tagSeed, pharmacy: npi, filledAt: nowSeconds() })
  const answer = await refused(address(entity, `/${contract}/accruals`), {
    method: 'POST',
    token: world.tokens[entity] ?? '',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer).toMatchObject({ status: 409, code: 'ledger-refused', document: { refusal: 'exclusivity-spent' } })
  const { accruals } = (await ask(entity, `/${contract}`)) as { accruals: readonly { accrual: string }[] }
  const claim = accruals[0]?.accrual ?? ''
  await ask(entity, `/accruals/${claim}/displace`, null)
  return { contract, claim }
}

test('refund 521.00 − 231.00 = 290.00; a late 340B flag with a ceiling of 250.00 is refused, and the refund stands', async () => {
  const { contract, fill, refund } = await refunded('refunds that stand')
  const late = await lateFlag('340B at 250', '271', fill)
  await stands(entity, late.contract, late.claim, { status: 'not-accrued', refused: 'lower-price-stands' })
  await stands(pharmacy, contract, refund, { status: 'settled', amount: '290.00', due: '0.00' })
}, 60_000)

test('with a ceiling of 200.00 the refund becomes a debit of 290.00, and the 340B discount of 321.00 stands', async () => {
  const { contract, fill, refund } = await refunded('refunds that go back')
  const late = await lateFlag('340B at 200', '321', fill)
  await stands(entity, late.contract, late.claim, { status: 'validated', amount: '321.00' })
  await stands(pharmacy, contract, refund, { status: 'reversed', ending: 'displaced', due: '-290.00' })
  expect(await ask(maker, `/${contract}/settle`, null)).toMatchObject({ number: 2, net: '-290.00' })
  await stands(pharmacy, contract, refund, { status: 'repaid', paid: '0.00', due: '0.00' })
  expect(await ask(pharmacy, `/${contract}/audit`)).toMatchObject({ approved: '0.00', owedBack: '0.00', moved: '0.00' })
}, 60_000)

test('what the book does not allow is refused with its reason, and what is malformed before it is asked', async () => {
  const token = world.tokens[maker] ?? ''
  const unknown = await refused(address(maker, `/${'00'.repeat(32)}/sign`), { method: 'POST', token })
  expect(unknown).toMatchObject({ status: 409, code: 'book-refused', document: { refusal: 'terms-unknown' } })
  const bad = async (body: object) =>
    refused(address(maker, ''), {
      method: 'POST',
      token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const good = terms('any', pharmacy, 'mfp', '1')
  const [rate] = good.rates
  expect(await bad({ ...good, rates: [{ ...rate, price: '1.0000001' }] })).toMatchObject({
    document: { at: 'body.rates.0.price' },
  })
  expect(await bad({ ...good, rates: [rate, rate] })).toMatchObject({ document: { at: 'body.rates' } })
  expect(await bad({ ...good, with: 'nobody-here' })).toMatchObject({ document: { refusal: 'member-unknown' } })
  expect((await refused(address(maker, ''))).status).toBe(401)
})
