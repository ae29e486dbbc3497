/**
 * Units and packages by tag, by label and by lot. Units are many, so those that were sealed in a package stand together, some
 * dozens in a row; of its own each has a place by its label and one by its tag.
 */
import { boolean, text, toHex } from '@plexus/codec'
import type { JournalChange, Table } from '@plexus/exchange'
import type { LabelIdentifier, PackageManifest } from '@plexus/sdk'
import type { BookDesk } from '../desk.ts'
import { type Thing, thingRow, type UnitsRow, unitsPerRowMax, unitsRow } from './rows.ts'
import { inParts } from './steps.ts'

const partDigits = 4
const placeLengthMax = 64 + 1 + partDigits

export class Stock {
  /** Packages, and units that came alone. */
  readonly #things: Table<Thing>
  readonly #units: Table<UnitsRow>
  /** A place is a tag in hexadecimal; of sealed units the tag of their package, and which of its rows. */
  readonly #labels: Table<string>
  readonly #tags: Table<string>
  /** By `lot/place`. */
  readonly #lots: Table<boolean>
  readonly #desk: BookDesk

  constructor(desk: BookDesk) {
    this.#desk = desk
    this.#things = desk.table('things', thingRow)
    this.#units = desk.table('units', unitsRow)
    this.#labels = desk.table('labels', text({ max: placeLengthMax }))
    this.#tags = desk.table('units-by-tag', text({ max: placeLengthMax }))
    this.#lots = desk.table('units-of-lots', boolean())
  }

  byLabel(identifier: LabelIdentifier): Thing | undefined {
    const place = this.#labels.get(this.#labelKey(identifier))
    if (place === undefined) return undefined
    const said = identifierText(identifier)
    return this.#at(place).find((thing) => identifierText(thing.identifier) === said)
  }

  /** By its tag in hexadecimal. */
  get(tag: string): Thing | undefined {
    const thing = this.#things.get(tag)
    if (thing) return thing
    const place = this.#tags.get(tag)
    return place === undefined ? undefined : this.#at(place).find(({ member }) => toHex(member.tag) === tag)
  }

  /** Packages, and units that came alone, by tag; what is sealed in a package is behind it. */
  entries(range: { readonly after?: string; readonly limit: number }): Iterable<readonly [string, Thing]> {
    return this.#things.entries(range)
  }

  /** What is new here. Units that were sealed in a package come together, with all of it that is new. */
  put(things: readonly Thing[]): readonly JournalChange[] {
    const sealed = new Map<string, Thing[]>()
    const changes: JournalChange[] = []
    for (const thing of things) {
      const [around] = thing.around
      if (thing.inside || !around) changes.push(...this.#putAlone(thing))
      else {
        const tag = toHex(around)
        const others = sealed.get(tag)
        if (others) others.push(thing)
        else sealed.set(tag, [thing])
      }
    }
    for (const [tag, units] of sealed)
      for (const [part, some] of inParts(units, unitsPerRowMax).entries())
        changes.push(...this.#putSealed(`${tag}/${String(part).padStart(partDigits, '0')}`, some))
    return changes
  }

  /** With the units that are sealed in it. */
  drop(thing: Thing): readonly JournalChange[] {
    const tag = toHex(thing.member.tag)
    const sealed = [...this.#units.entries({ prefix: `${tag}/` })].flatMap(([place]) => [
      this.#units.drop(place),
      ...this.#at(place).flatMap((unit) => [
        this.#labels.drop(this.#labelKey(unit.identifier)),
        this.#tags.drop(toHex(unit.member.tag)),
        ...unit.member.lots.map((lot) => this.#lots.drop(`${toHex(lot)}/${place}`)),
      ]),
    ])
    return [
      ...sealed,
      this.#things.drop(tag),
      this.#labels.drop(this.#labelKey(thing.identifier)),
      ...thing.member.lots.map((lot) => this.#lots.drop(`${toHex(lot)}/${tag}`)),
    ]
  }

  /** Units of a lot whose labels this member has. */
  *unitsOf(lot: Uint8Array): Iterable<Thing> {
    const handle = toHex(lot)
    const prefix = `${handle}/`
    for (const [key] of this.#lots.entries({ prefix }))
      for (const unit of this.#at(key.slice(prefix.length)))
        if (unit.member.lots.some((each) => toHex(each) === handle)) yield unit
  }

  /** What a sealed package holds, as its tree was made. */
  manifestOf(thing: Thing): PackageManifest | undefined {
    if (!thing.inside?.noiseSeed) return undefined
    const members = this.inside(thing).map(({ member }) => member)
    return members.length < thing.inside.tags.length ? undefined : { members, noiseSeed: thing.inside.noiseSeed }
  }

  /** What was put into a package, as far as it is known. */
  inside({ member, inside }: Thing): readonly Thing[] {
    if (!inside) return []
    const prefix = `${toHex(member.tag)}/`
    const sealed = inside.noiseSeed ? [...this.#units.entries({ prefix })].flatMap(([, row]) => thingsOf(row)) : []
    const byTag = new Map(sealed.map((unit) => [toHex(unit.member.tag), unit]))
    return inside.tags.flatMap((each) => byTag.get(toHex(each)) ?? this.get(toHex(each)) ?? [])
  }

  #putAlone(thing: Thing): readonly JournalChange[] {
    const tag = toHex(thing.member.tag)
    return [
      this.#things.put(tag, thing),
      this.#labels.put(this.#labelKey(thing.identifier), tag),
      ...(thing.identifier.type === 'package'
        ? []
        : thing.member.lots.map((lot) => this.#lots.put(`${toHex(lot)}/${tag}`, true))),
    ]
  }

  #putSealed(place: string, units: readonly Thing[]): readonly JournalChange[] {
    const lots = new Set(units.flatMap(({ member }) => member.lots.map(toHex)))
    return [
      this.#units.put(place, rowOf(units)),
      ...units.flatMap(({ identifier, member }) => [
        this.#labels.put(this.#labelKey(identifier), place),
        this.#tags.put(toHex(member.tag), place),
      ]),
      ...[...lots].map((lot) => this.#lots.put(`${lot}/${place}`, true)),
    ]
  }

  #at(place: string): readonly Thing[] {
    if (!place.includes('/')) {
      const alone = this.#things.get(place)
      return alone ? [alone] : []
    }
    const row = this.#units.get(place)
    return row ? thingsOf(row) : []
  }

  #labelKey(identifier: LabelIdentifier): string {
    return this.#desk.keyOf('label', identifierText(identifier))
  }
}

/** As on the label, without brackets. */
export const identifierText = (identifier: LabelIdentifier): string =>
  identifier.type === 'unit' ? `01${identifier.gtin}21${identifier.serial}` : `00${identifier.sscc}`

function rowOf(units: readonly Thing[]): UnitsRow {
  return {
    around: units[0]?.around ?? [],
    units: units.map(({ identifier, labelKey, member }) => {
      const [lot] = member.lots
      if (identifier.type !== 'unit' || !lot) throw new Error('a unit has a serial and a lot')
      return { tag: member.tag, gtin: identifier.gtin, serial: identifier.serial, labelKey, lot }
    }),
  }
}

const thingsOf = ({ around, units }: UnitsRow): readonly Thing[] =>
  units.map(({ tag, gtin, serial, labelKey, lot }) => ({
    identifier: { type: 'unit', gtin, serial },
    labelKey,
    member: { tag, contents: null, lots: [lot] },
    inside: null,
    around,
  }))
