/** One pallet from its maker to a patient, on a real ledger, with what each party holds. */
import { compareBytes, toBase64Url, toHex, utf8 } from '@plexus/codec'
import { type PackageMember, type SupplyEvent, supply } from '@plexus/contracts'
import { publicKeyOf, sha256 } from '@plexus/crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { type LabelIdentifier, labelKeysOf, tagOf } from './labels.ts'
import { checkLot, type LotStatement, stateLot } from './lots.ts'
import { contentsOf, type PackageManifest, unpacking } from './packages.ts'
import { scanLabel } from './scan.ts'
import { formerHolders, traceLot } from './trace.ts'
import { type PartnerKey, SupplyWorld } from './world.testing.ts'

const gtin = '00300021433802'
const lotNumber = 'A-4711'
const palletSscc = '006141411234567890'
/** Of ten cases, each with its check digit. */
const ssccs = [
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
const sscc = (at: number): string => ssccs[at] ?? ''
const serialOf = (at: number, bottle: number) => `SN${100_000 + at * 100 + bottle}`
const partners = {
  'maker-pharma': 'maker',
  'wholesaler-north': 'distributor',
  'wholesaler-east': 'distributor',
  'wholesaler-west': 'distributor',
  'pharmacy-corner': 'dispenser',
  'pharmacy-station': 'dispenser',
} as const
const makerSeed = sha256(utf8('maker-pharma’s organisation'))
const traceKey = sha256(utf8('trace key of the lot'))
const tags = (members: readonly PackageMember[]) => members.map(({ tag }) => tag)

/** All that happens on the way, and what its parties know. */
class Story {
  readonly world = new SupplyWorld(partners)
  readonly lot = { seed: sha256(utf8('lot')), handle: sha256(publicKeyOf(sha256(utf8('lot')))) }
  readonly manifests = new Map<string, PackageManifest>()
  readonly pallet: PackageMember
  readonly cases: PackageManifest
  readonly bottles: readonly PackageManifest[]
  readonly maker: PartnerKey
  readonly statement: LotStatement

  constructor() {
    const lots = [this.lot.handle]
    const noise = (name: string) => sha256(utf8(`noise ${name}`))
    this.bottles = Array.from({ length: 10 }, (_, at) => ({
      members: Array.from({ length: 12 }, (_, bottle) => ({
        tag: this.tag({ type: 'unit', gtin, serial: serialOf(at, bottle) }),
        contents: null,
        lots,
      })),
      noiseSeed: noise(sscc(at)),
    }))
    this.cases = {
      members: this.bottles.map((manifest, at) => ({
        tag: this.tag({ type: 'package', sscc: sscc(at) }),
        contents: contentsOf(manifest),
        lots,
      })),
      noiseSeed: noise(palletSscc),
    }
    this.pallet = { tag: this.tag({ type: 'package', sscc: palletSscc }), contents: contentsOf(this.cases), lots }
    this.manifests.set(toHex(this.pallet.tag), this.cases)
    for (const [at, { tag }] of this.cases.members.entries())
      this.manifests.set(toHex(tag), this.bottles[at] as PackageManifest)
    this.maker = this.world.key('maker-pharma')
    const { statement, newLot } = stateLot(
      this.world.chain,
      { handle: this.lot.handle, maker: 'maker-pharma', gtin, lot: lotNumber, endsAt: this.world.time + 40_000_000 },
      { seed: makerSeed, random: (length) => sha256(utf8('leaf')).slice(0, length) },
    )
    this.statement = statement
    const { handle: holder } = this.maker
    this.world.expect(
      { type: 'commission', holder, licence: this.world.licence(this.maker), lots: [newLot], packages: [this.pallet] },
      this.maker,
    )
  }

  tag(identifier: LabelIdentifier): Uint8Array {
    const key = labelKeysOf({ traceKey, chain: this.world.chain })(identifier)
    const tag = key.ok ? tagOf(key.value, identifier) : key
    if (!tag.ok) throw new Error(tag.reason.type)
    return tag.value
  }

  unpack(holder: PartnerKey, member: PackageMember, some: readonly Uint8Array[]): void {
    const step = unpacking(member.tag, this.manifests.get(toHex(member.tag)) as PackageManifest, some)
    if (!step.ok) throw new Error(step.reason.type)
    this.world.expect(step.value, holder)
  }

  trace() {
    const commissioned = this.world.events.find((each) => each.type === 'commissioned') as Extract<
      SupplyEvent,
      { type: 'commissioned' }
    >
    const { handle } = this.lot
    const made = traceLot(this.world.view, { handle, commissioned, manifests: this.manifests })
    if (!made.ok) throw new Error(made.reason.type)
    return made.value
  }
}

describe('a pallet of 120 bottles', () => {
  const story = new Story()
  const { world, pallet, cases, bottles, maker } = story
  const seventh = cases.members[7] as PackageMember
  const twelve = bottles[7] as PackageManifest
  const bottle = twelve.members[3] as PackageMember
  const chainOf = [bottle.tag, seventh.tag, pallet.tag]
  const books: Readonly<Record<string, number>>[] = []
  let [wholesaler, pharmacy] = [maker, maker]
  const close = () => books.push(Object.fromEntries(story.trace().books))

  beforeAll(() => {
    close()
    wholesaler = world.move(maker, 'wholesaler-north', [pallet.tag])
    close()
    story.unpack(wholesaler, pallet, [seventh.tag])
    close()
    pharmacy = world.move(wholesaler, 'pharmacy-corner', [seventh.tag])
    close()
    story.unpack(pharmacy, seventh, tags(twelve.members))
    close()
    const units = [{ tag: bottle.tag, rest: false }]
    world.expect({ type: 'dispense', tag: sha256(utf8('fill')), units, fill: null }, pharmacy)
    close()
  })

  test('whoever has the trace key counts every unit once, at each height, and the books add up to 120', () => {
    const of = (status: string, { handle }: PartnerKey, count: number) => ({ [`${status} ${toHex(handle)}`]: count })
    const split = { ...of('held', wholesaler, 108), ...of('held', pharmacy, 12) }
    expect(books).toEqual([
      of('held', maker, 120),
      of('held', wholesaler, 120),
      of('held', wholesaler, 120),
      split,
      split,
      { ...of('held', wholesaler, 108), ...of('held', pharmacy, 11), ...of('dispensed', pharmacy, 1) },
    ])
  })

  test('a trace that leaves a unit out, or adds one, is refused', () => {
    const [commissioned] = world.events.filter((each) => each.type === 'commissioned')
    if (!commissioned) throw new Error('nothing was commissioned')
    const traced = (change: PackageManifest | undefined) => {
      const manifests = new Map(story.manifests)
      if (change) manifests.set(toHex(seventh.tag), change)
      else manifests.delete(toHex(seventh.tag))
      return traceLot(world.view, { handle: story.lot.handle, commissioned, manifests })
    }
    const { members, noiseSeed } = twelve
    expect(traced({ members: members.slice(1), noiseSeed })).toMatchObject({ reason: { type: 'contents-differ' } })
    const one = { ...bottle, tag: sha256(utf8('one more')) }
    expect(traced({ members: [...members, one], noiseSeed })).toMatchObject({ reason: { type: 'contents-differ' } })
    expect(traced(undefined)).toMatchObject({ reason: { type: 'manifest-missing' } })
    const other = { handle: pallet.tag, commissioned, manifests: story.manifests }
    expect(traceLot(world.view, other)).toMatchObject({ reason: { type: 'lot-not-commissioned' } })
  })

  test('the label of the dispensed bottle, shown at another pharmacy, is not good, and its former holders are found', () => {
    const elsewhere = world.key('pharmacy-station')
    const scan = (of: readonly Uint8Array[], key: PartnerKey) =>
      scanLabel(world.view, { tags: of, lots: bottle.lots, holders: new Set([toHex(key.handle)]), time: world.time })
    expect(scan(chainOf, elsewhere)).toEqual({ type: 'ended', status: 'dispensed' })
    const other = twelve.members[4] as PackageMember
    expect(scan([other.tag, seventh.tag, pallet.tag], elsewhere)).toEqual({ type: 'not-at-holder' })
    expect(scan([other.tag, seventh.tag, pallet.tag], pharmacy)).toEqual({ type: 'good' })
    expect(formerHolders(world.events, bottle.tag)).toEqual(
      [maker, wholesaler, pharmacy].map((key) => toHex(key.handle)),
    )
    const { handle: incident } = elsewhere
    const report = { type: 'report', incident, tag: bottle.tag, record: sha256(utf8('bottle')) } as const
    expect(world.submit({ ...report, licence: world.licence(elsewhere) }, elsewhere)).toBe('accepted')
    expect(supply.queries.incident(world.view, toHex(incident))?.noticeDueAt).toBe(world.time + 86_400)
  })

  test('a guessed serial has no tag without its label’s key: no guess tells whether it exists', () => {
    const guessed = { type: 'unit', gtin, serial: serialOf(7, 3) } as const
    const keys = [new Uint8Array(32), world.chain, story.lot.handle, pallet.tag, sha256(utf8(lotNumber))]
    for (const key of keys) {
      const tag = tagOf(key, guessed)
      const found = tag.ok && supply.queries.parcel(world.view, toHex(tag.value))
      expect(found).toBeUndefined()
    }
    const held = world.held()
    for (const text of [`01${gtin}21${guessed.serial}`, `${gtin}${guessed.serial}`, guessed.serial, gtin])
      expect(held.includes(toHex(sha256(utf8(text))))).toBe(false)
  })

  test('T-01: two other wholesalers read every byte of the ledger, and find no product, serial, lot or partner', () => {
    const held = world.held()
    const serials = bottles.flatMap((_, at) => Array.from({ length: 12 }, (_, each) => serialOf(at, each)))
    const packages = [palletSscc, ...bottles.map((_, at) => sscc(at))]
    const secrets = [
      gtin,
      gtin.slice(1, 13),
      '0002-1433-80',
      lotNumber,
      ...serials,
      ...packages,
      ...Object.keys(partners),
    ]
    for (const secret of secrets)
      for (const form of [utf8(secret), utf8(toHex(utf8(secret))), utf8(toBase64Url(utf8(secret)))])
        expect([secret, held.includes(toHex(form))]).toEqual([secret, false])
    const unseen = [traceKey, makerSeed, publicKeyOf(makerSeed), story.statement.content, story.statement.leafKey]
    for (const hidden of [...unseen, ...tags(cases.members.slice(8)), ...tags(bottles[2]?.members ?? [])])
      expect(held.includes(toHex(hidden))).toBe(false)
    expect(held.includes(toHex(bottle.tag))).toBe(true)
  })

  test('each shipment has a key of its own, and a grant does not show how many partners it names', () => {
    const keys = world.events.flatMap((each) => (each.type === 'shipped' ? [toHex(each.to)] : []))
    expect(new Set(keys).size).toBe(keys.length)
    const leaves = world.events.flatMap((each) => (each.type === 'keys-granted' ? [each.leaves] : []))
    expect(leaves).toEqual([16, 64, 16])
  })

  test('what the maker said of the lot is believed when it is as it was commissioned, and its own', () => {
    const lot = supply.queries.lot(world.view, toHex(story.lot.handle))
    if (!lot) throw new Error('the lot never began')
    const shown = { chain: world.chain, handle: story.lot.handle, lot, makerKey: publicKeyOf(makerSeed) }
    expect(checkLot(story.statement, shown)).toMatchObject({ ok: true, value: { gtin, lot: lotNumber } })
    const changed = {
      ...story.statement,
      content: story.statement.content.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
    }
    expect(checkLot(changed, shown)).toMatchObject({ reason: { type: 'not-as-commissioned' } })
    const stranger = { ...shown, makerKey: publicKeyOf(sha256(utf8('stranger'))) }
    expect(checkLot(story.statement, stranger)).toMatchObject({ reason: { type: 'signature-invalid' } })
    expect(checkLot(story.statement, { ...shown, handle: pallet.tag })).toMatchObject({ reason: { type: 'other-lot' } })
  })
})

test('identifiers are those of GS1, or have no tag', () => {
  const key = new Uint8Array(32)
  expect(tagOf(key, { type: 'unit', gtin: '00300021433803', serial: 'A' })).toMatchObject({
    reason: { type: 'gtin-invalid' },
  })
  expect(tagOf(key, { type: 'unit', gtin, serial: 'A B' })).toMatchObject({ reason: { type: 'serial-invalid' } })
  expect(tagOf(key, { type: 'package', sscc: '006141411234567891' })).toMatchObject({
    reason: { type: 'sscc-invalid' },
  })
  const one = tagOf(key, { type: 'unit', gtin, serial: 'A' })
  const other = tagOf(key, { type: 'unit', gtin, serial: 'B' })
  expect(one.ok && other.ok && compareBytes(one.value, other.value)).not.toBe(0)
})
