/**
 * 120 bottles in 10 cases on one pallet. At each height the owner of each bottle is what a plain model says, by a proof that a
 * regulator's client checks itself; the bottles add up; and two other wholesalers learn nothing from all the bytes they hold.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { decode, encode, fromHex, toHex } from '@plexus/codec'
import { checkDigit } from '@plexus/epcis'
import { type LotProof, lotProof, lotProofBytesMax, type VerifiedLot, verifyLotProof } from '@plexus/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { now, SupplyNetwork, until } from '../src/http/supply-network.testing.ts'
import { type Hay, LeakScanner, type Needle } from './leak-scanner.testing.ts'

const maker = 'maker-pharma'
const north = 'wholesaler-north'
const others = ['wholesaler-east', 'wholesaler-west'] as const
const corner = 'pharmacy-corner'
const station = 'pharmacy-station'
const board = 'state-board'
const roles = { [maker]: 'maker', [north]: 'distributor', [corner]: 'dispenser', [station]: 'dispenser' }

const gtin = '00300021433802'
const lotNumber = 'LOT-A4711'
const sscc = (number: number): string => {
  const body = `0061414112345${String(number).padStart(4, '0')}`
  return `${body}${checkDigit(body)}`
}
const palletSscc = '006141411234567890'
const boxes = Array.from({ length: 10 }, (_, at) => at)
const serialOf = (box: number, bottle: number): string => `SN${700_000 + box * 100 + bottle}`
const serialsOf = (box: number): readonly string[] => Array.from({ length: 12 }, (_, bottle) => serialOf(box, bottle))
const all = boxes.flatMap(serialsOf)
const pallet = `(00)${palletSscc}`
const box = (at: number): string => `(00)${sscc(at)}`
const unit = (at: number, bottle: number): string => `(01)${gtin}(21)${serialOf(at, bottle)}(10)${lotNumber}`

/** What a person with a sheet of paper would write: who owns each bottle from which height on, and which is gone. */
class Model {
  readonly #moves: { readonly height: number; readonly serials: readonly string[]; readonly owner: string }[] = []

  move(height: number, serials: readonly string[], owner: string): void {
    this.#moves.push({ height, serials, owner })
  }

  at(height: number): ReadonlyMap<string, string> {
    const owners = new Map<string, string>()
    for (const move of this.#moves)
      if (move.height <= height) for (const serial of move.serials) owners.set(serial, move.owner)
    return owners
  }
}

const model = new Model()
/** Sealed notes to the two others. */
const sent: Uint8Array[] = []
let world: SupplyNetwork
let lot = ''
let begun = 0
let traceKey = ''
let proofs: readonly { readonly height: number; readonly bytes: Uint8Array }[] = []

beforeAll(async () => {
  world = await SupplyNetwork.open([...Object.keys(roles), ...others], board, (to, note) => {
    if (others.some((other) => other === to)) sent.push(note)
  })
  await world.license(roles, 6)
  const packages = boxes.map((at) => ({ sscc: sscc(at), serials: serialsOf(at) }))
  const plan = {
    gtin,
    lot: lotNumber,
    endsAt: Math.floor(now()) + 40_000_000,
    packages: [{ sscc: palletSscc, packages }],
  }
  const made = await until(async () => {
    const told = await world.ask(maker, '/lots', plan)
    return told.status === 200 ? told.value : undefined
  })
  lot = String(made['lot'])
  begun = Number(made['height'])
  model.move(begun, all, maker)
  model.move(await world.move(maker, north, pallet), all, north)
  await world.must(north, '/unpack', { label: pallet, only: [box(7)] })
  model.move(await world.move(north, corner, box(7)), serialsOf(7), corner)
  await world.must(corner, '/unpack', { label: box(7), only: [] })
  const dispensed = await world.must(corner, '/dispensings', { labels: [unit(7, 3)], fill: null })
  model.move(Number(dispensed['height']), [serialOf(7, 3)], 'a patient')
  await world.must(north, '/unpack', { label: pallet, only: [box(1), box(2)] })
  await world.must(north, '/pack', { sscc: sscc(500), labels: [box(1), box(2)] })
  model.move(await world.move(north, station, `(00)${sscc(500)}`), [...serialsOf(1), ...serialsOf(2)], station)
  await world.must(station, '/unpack', { label: `(00)${sscc(500)}`, only: [] })
  await world.must(station, '/unpack', { label: box(1), only: [unit(1, 0)] })
  const gone = await world.must(station, '/dispensings', { labels: [unit(1, 0)], fill: null })
  model.move(Number(gone['height']), [serialOf(1, 0)], 'a patient')
  const back = await world.act(station, `/dispensings/${String(gone['dispensing'])}/return`)
  model.move(Number(back.value['height']), [serialOf(1, 0)], station)
  // A header carries the state before its block: one more block shows the last step.
  await world.must(north, '/unpack', { label: pallet, only: [box(9)] })
  const tip = world.network.node(maker).store.tip()?.height ?? 0
  const shown: { height: number; bytes: Uint8Array }[] = []
  for (let height = begun; height < tip; height++) {
    const { proof, ...told } = await world.must(maker, `/lots/${lot}/proofs`, { height })
    traceKey = String(told['traceKey'])
    shown.push({ height, bytes: new Uint8Array(Buffer.from(String(proof), 'base64url')) })
  }
  proofs = shown
}, 120_000)

afterAll(async () => {
  await world.close()
  expect(world.failures).toEqual([])
})

const verified = (bytes: Uint8Array): VerifiedLot => {
  const checked = verifyLotProof(world.network.chain, bytes, { traceKey: fromHex(traceKey) })
  if (!checked.ok) throw new Error(checked.reason.type)
  return checked.value
}

/** Whose a one-time key is, says its owner's own book. */
function ownerOf({ status, holder }: VerifiedLot['units'][number]): string {
  if (status === 'dispensed') return 'a patient'
  const owners = Object.keys(roles).filter((id) => world.network.node(id).books.supply.shelves.isOwn(fromHex(holder)))
  return owners.join(' and ')
}

test('at each height each of the 120 bottles is where the model says, and they add up', () => {
  const seen = new Set<string>()
  expect(proofs.length).toBeGreaterThanOrEqual(9)
  for (const { height, bytes } of proofs) {
    const shown = verified(bytes)
    expect([height, shown.height, shown.commissioned, shown.lot.lot]).toEqual([height, height, 120, lotNumber])
    const owners = new Map(shown.units.map((each) => [each.serial, ownerOf(each)]))
    expect([height, owners.size]).toEqual([height, 120])
    expect([height, new Map([...owners].sort())]).toEqual([height, new Map([...model.at(height)].sort())])
    const sum = [...shown.totals.values()].reduce((total, each) => total + each, 0)
    expect([height, sum, shown.contested]).toEqual([height, 120, []])
    seen.add(JSON.stringify([...shown.totals].sort()))
  }
  // Each of the states that the story goes through was among them.
  expect(seen).toContain('[["held",120]]')
  expect(seen).toContain('[["in-transit",120]]')
  expect(seen).toContain('[["dispensed",1],["held",119]]')
  expect(seen).toContain('[["dispensed",1],["held",95],["in-transit",24]]')
  expect(seen).toContain('[["dispensed",2],["held",118]]')
})

test('the partners’ own books say the same of what they have now', async () => {
  const last = proofs.at(-1)
  const owners = model.at(last?.height ?? 0)
  for (const [partner, boxesHere] of [
    [maker, []],
    [north, [0, 3, 4, 5, 6, 8, 9]],
    [corner, [7]],
    [station, [1, 2]],
  ] as const)
    for (const at of boxesHere) {
      const { things } = await world.must(partner, `/things?${new URLSearchParams({ inside: box(at) })}`)
      for (const thing of things as readonly { readonly label: string; readonly isHeldHere: boolean }[]) {
        const serial = thing.label.slice(18)
        // What was dispensed is held last by the pharmacy's key.
        const owner = owners.get(serial) === 'a patient' ? partner : owners.get(serial)
        expect([serial, thing.isHeldHere, owner]).toEqual([serial, true, partner])
      }
    }
})

test('wrong totals, a unit more or less, another state, another key: each is refused by its name', () => {
  const bytes = proofs.at(-1)?.bytes ?? new Uint8Array(0)
  const read = decode(lotProof, bytes, lotProofBytesMax)
  if (!read.ok) throw new Error('the proof does not decode')
  const proof = read.value
  const key = fromHex(traceKey)
  const refusal = (changed: Partial<LotProof>, by = key): string => {
    const checked = verifyLotProof(world.network.chain, encode(lotProof, { ...proof, ...changed }), { traceKey: by })
    return checked.ok ? 'believed' : checked.reason.type
  }
  expect(refusal({})).toBe('believed')
  expect(refusal({ totals: proof.totals.map((each) => ({ ...each, units: each.units + 1 })) })).toBe('totals-differ')
  expect(refusal({ totals: proof.totals.slice(1) })).toBe('totals-differ')
  const [first, ...rest] = proof.packages
  const boxed = proof.packages.findIndex(({ serials }) => serials.length > 0)
  const withSerials = (serials: readonly string[]) =>
    proof.packages.map((each, at) => (at === boxed ? { ...each, serials } : each))
  const serials = proof.packages[boxed]?.serials ?? []
  expect(refusal({ packages: withSerials(serials.slice(1)) })).toBe('contents-differ')
  expect(refusal({ packages: withSerials([...serials, 'SN999999']) })).toBe('contents-differ')
  expect(refusal({ packages: withSerials([...serials, serials[0] ?? '']) })).toBe('unit-twice')
  expect(refusal({ packages: rest })).toBe('package-missing')
  expect(
    refusal({
      packages: [
        ...proof.packages,
        {
          ...(first ?? { noiseSeed: key }),
          sscc: sscc(900),
          serials: ['A'],
          packages: [],
        } as LotProof['packages'][number],
      ],
    }),
  ).toBe('package-unexpected')
  expect(refusal({}, new Uint8Array(32))).toBe('package-missing')
  // One bottle's own entry is hidden: what may have left its case must be shown, there or not there.
  const parcels = proof.facts.filter(({ key: at }) => at.startsWith('supply/parcels/'))
  for (const hidden of parcels) {
    const facts = proof.facts.filter((each) => each !== hidden)
    expect(['fact-missing', 'parcel-not-followed']).toContain(refusal({ facts }))
  }
  const lied = proof.facts.map((each) => (each === parcels[0] ? { ...each, value: null } : each))
  expect(refusal({ facts: lied })).toBe('fact-not-in-state')
  const earlier = decode(lotProof, proofs[0]?.bytes ?? bytes, lotProofBytesMax)
  if (!earlier.ok) throw new Error('the proof does not decode')
  expect(refusal({ header: earlier.value.header })).toBe('state-not-in-header')
  const unsigned = { ...proof.header, signature: new Uint8Array(64) }
  expect(refusal({ header: unsigned })).toBe('header-not-signed')
  expect(refusal({ commissioned: { ...proof.commissioned, index: proof.commissioned.index + 1 } })).toBe(
    'not-commissioned-so',
  )
  expect(refusal({ commissioned: { ...proof.commissioned, blockPath: [] } })).toBe('not-commissioned-so')
  expect(refusal({ makerKey: new Uint8Array(32) })).toBe('lot-not-believed')
  expect(refusal({ handle: new Uint8Array(32) })).toBe('lot-not-commissioned')
  const others = verifyLotProof({ ...world.network.chain, id: new Uint8Array(32) }, bytes, { traceKey: key })
  expect(others).toMatchObject({ ok: false, reason: { type: 'header-of-another-chain' } })
  expect(verifyLotProof(world.network.chain, new Uint8Array(8), { traceKey: key })).toMatchObject({
    reason: { type: 'malformed' },
  })
})

test('who did not make the lot has no proof of it, nor has anybody of a height that is not there; each proof is an alert', async () => {
  const asked = async (member: string, height: number | null) =>
    (await world.ask(member, `/lots/${lot}/proofs`, { height })).value['refusal']
  expect(await asked(north, null)).toBe('not-our-lot')
  expect(await asked(maker, begun - 1)).toBe('not-provable')
  expect(await asked(maker, 1_000_000)).toBe('not-provable')
  const { alerts } = (await world.must(maker, '/alerts')) as { readonly alerts: readonly { readonly type: string }[] }
  expect(alerts.filter(({ type }) => type === 'traced').length).toBe(proofs.length)
})

test('T-01: two other wholesalers learn nothing from all the bytes that they hold, in any form', () => {
  const { books } = world.network.node(maker)
  const { stock } = books.supply.shelves
  const needles: Needle[] = [
    gtin,
    gtin.slice(1, 13),
    '0002143380',
    lotNumber,
    palletSscc,
    ...boxes.map(sscc),
    ...all,
  ].map((text) => ({ kind: 'label', bytes: Buffer.from(text) }))
  for (const serial of all) {
    const thing = stock.byLabel({ type: 'unit', gtin, serial })
    if (!thing) throw new Error('the maker knows its labels')
    needles.push({ kind: 'label key', bytes: thing.labelKey })
  }
  needles.push({ kind: 'trace key', bytes: fromHex(traceKey) })
  for (const other of others) {
    const scanner = new LeakScanner(needles, [
      world.network.chain.id,
      new Uint8Array(32),
      world.network.node(other).seed,
    ])
    const hay = heldBy(other)
    expect(hay.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(100_000)
    expect([other, scanner.scan(hay)]).toEqual([other, []])
    // The search finds what is there.
    const planted = { name: 'planted', bytes: Buffer.from(toHex(Buffer.from(`..${serialOf(3, 3)}..`))), shortest: 1 }
    expect(scanner.scan([planted])).toHaveLength(1)
  }
  // Nor was anything of it sent to them, sealed or not.
  expect(sent).toEqual([])
})

/** Its replica, its tables as it reads them, and every file in its folder. */
function heldBy(member: string): readonly Hay[] {
  const node = world.network.node(member)
  const parts: [string, Uint8Array][] = []
  for (const [key, value] of node.store.entries('')) parts.push(['state', Buffer.from(key)], ['state', value])
  for (let height = 0; height <= (node.store.tip()?.height ?? 0); height++) {
    const block = node.store.block(height)
    if (block)
      parts.push(['block', block.header], ...block.transactions.map((each) => ['block', each] as [string, Uint8Array]))
  }
  for (const { event } of node.store.events(0, 10_000)) parts.push(['event', event])
  const tables = ['alerts', 'arriving', 'followed', 'keys', 'labels', 'lots', 'scans', 'shipments', 'things', 'units']
  for (const table of [...tables.map((each) => `supply-${each}`), 'book-steps', 'book-notes-taken', 'outbox'])
    for (const [key, value] of node.journal.entries(table)) parts.push([table, Buffer.from(key)], [table, value])
  for (const path of filesUnder(node.layout.root)) parts.push([path, readFileSync(path)])
  return parts.map(([name, bytes]) => ({ name, bytes, shortest: 1 }))
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesUnder(path) : [path]))
}
