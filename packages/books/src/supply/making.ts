/** A maker's line: a lot begins with its packages, and sealed packages are opened, by whoever holds them. */
import { compareBytes, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type PackageMember, packageLeavesMax, supply } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import type { JournalChange } from '@plexus/exchange'
import { contentsOf, handleOfSeed, type LabelIdentifier, labelKeysOf, stateLot, tagOf, unpacking } from '@plexus/sdk'
import type { BookDesk, StepOutcome } from '../desk.ts'
import { depthMax, lotsMax, parcelsMax, type SupplyRefusal, type Thing } from './rows.ts'
import type { Shelves } from './shelves.ts'
import { type Compose, inParts } from './steps.ts'

/** A package and what is packed into it, or units by their serials. */
export type PackingPlan =
  | { readonly sscc: string; readonly packages: readonly PackingPlan[] }
  | { readonly sscc: string; readonly serials: readonly string[] }

export interface LotPlan {
  readonly gtin: string
  readonly lot: string
  /** Seconds since 1970: from here on it is expired. */
  readonly endsAt: number
  readonly packages: readonly PackingPlan[]
}

/** Labels of one lot take this node's thread for a second or two; a larger lot is several anchors. */
const unitsPerLotMax = 20_000

export interface Made {
  /** By which the outcome is asked for. */
  readonly step: string
}

export class Making {
  readonly #parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly compose: Compose }

  constructor(parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly compose: Compose }) {
    this.#parts = parts
  }

  /** The lot's handle is given in hexadecimal. What it holds is on the shelves at once, and leaves them if it is refused. */
  commission(plan: LotPlan): Result<Made & { readonly lot: string }, SupplyRefusal> {
    const free = this.#parts.shelves.freeKey(['maker'])
    if (!free?.row.licence) return no({ type: 'no-key' })
    if (plan.packages.length === 0 || plan.packages.length > parcelsMax) return no({ type: 'plan-too-large' })
    const { random, chain, member } = this.#parts.desk
    const [lotSeed, traceKey] = [random(32), random(32)]
    const handle = handleOfSeed(lotSeed)
    const labelKey = labelKeysOf({ traceKey, chain })
    const packed = new Packing({ desk: this.#parts.desk, shelves: this.#parts.shelves, plan, labelKey, lot: handle })
    const tops: PackageMember[] = []
    for (const each of plan.packages) {
      const top = packed.pack(each, [])
      if (!top.ok) return top
      tops.push(top.value)
    }
    tops.sort((a, b) => compareBytes(a.tag, b.tag))
    const content = { handle, maker: member, gtin: plan.gtin, lot: plan.lot, endsAt: plan.endsAt }
    const { statement, newLot } = stateLot(chain, content, { seed: this.#parts.desk.seed, random })
    const holder = handleOfSeed(free.row.seed)
    const made = this.#parts.compose(
      { type: 'commission', holder, licence: free.row.licence, lots: [newLot], packages: tops },
      [free.row.seed],
      { type: 'commission', lot: handle, key: holder },
    )
    const packages = tops.map(({ tag }) => tag)
    this.#parts.desk.write([
      ...made.changes,
      ...this.#parts.shelves.stock.put(packed.things),
      ...this.#parts.shelves.putLot(toHex(handle), {
        statement,
        makerKey: publicKeyOf(this.#parts.desk.seed),
        own: { traceKey, seed: lotSeed, packages },
      }),
      ...this.#parts.shelves.putKey(free.hash, { ...free.row, use: 'used' }),
    ])
    return ok({ step: made.step, lot: toHex(handle) })
  }

  commissionEnded(lot: Uint8Array, key: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    if (outcome.type === 'accepted') return []
    const row = this.#parts.shelves.lots.get(toHex(lot))
    const used = this.#parts.shelves.keys.get(toHex(key))
    const things = (row?.own?.packages ?? []).flatMap((tag) => this.#parts.shelves.stock.get(toHex(tag)) ?? [])
    return [
      ...things.flatMap((top) =>
        [...this.#parts.shelves.within(top)]
          .filter(({ inside }) => inside !== null)
          .flatMap((thing) => this.#parts.shelves.stock.drop(thing)),
      ),
      this.#parts.shelves.lots.drop(toHex(lot)),
      ...(used ? this.#parts.shelves.putKey(toHex(key), { ...used, use: 'free' }) : []),
    ]
  }

  /** Packs things that stand for themselves, all held by one key, into a new package. */
  pack(sscc: string, labels: readonly LabelIdentifier[]): Result<Made, SupplyRefusal> {
    const { desk, shelves, compose } = this.#parts
    if (labels.length === 0 || labels.length > parcelsMax) return no({ type: 'plan-too-large' })
    const identifier = { type: 'package', sscc } as const
    if (shelves.stock.byLabel(identifier)) return no({ type: 'label-known' })
    const things = labels.flatMap((each) => shelves.stock.byLabel(each) ?? [])
    if (things.length < labels.length) return no({ type: 'label-unknown' })
    const held = things.flatMap(({ member }) => shelves.held(member.tag) ?? [])
    const [first] = held
    if (!first || held.length < things.length) return no({ type: 'not-held' })
    if (held.some(({ parcel }) => !equalBytes(parcel.holder, first.parcel.holder)))
      return no({ type: 'held-under-other-keys' })
    const labelKey = desk.random(32)
    const tag = tagOf(labelKey, identifier)
    if (!tag.ok) return no({ type: 'label-malformed' })
    const lots = new Map(things.flatMap(({ member }) => member.lots.map((lot) => [toHex(lot), lot] as const)))
    if (lots.size > lotsMax) return no({ type: 'plan-too-large' })
    const children = things.map(({ member }) => member.tag).sort(compareBytes)
    const made = compose({ type: 'pack', tag: tag.value, children }, [first.key.seed], { type: 'pack', tag: tag.value })
    const member = { tag: tag.value, contents: null, lots: [...lots.values()].sort(compareBytes) }
    const inside = { tags: children, noiseSeed: null }
    desk.write([...made.changes, ...shelves.stock.put([{ identifier, labelKey, member, inside, around: [] }])])
    return ok({ step: made.step })
  }

  packEnded(tag: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const thing = outcome.type === 'accepted' ? undefined : this.#parts.shelves.stock.get(toHex(tag))
    return thing ? this.#parts.shelves.stock.drop(thing) : []
  }

  /** Opens a package: these of what is in it, or all that is left in it, stand for themselves then. */
  unpack(
    identifier: LabelIdentifier,
    only: readonly LabelIdentifier[],
  ): Result<{ readonly steps: readonly string[] }, SupplyRefusal> {
    const thing = this.#parts.shelves.stock.byLabel(identifier)
    if (!thing) return no({ type: 'label-unknown' })
    if (!thing.inside) return no({ type: 'not-a-package' })
    const { shelves } = this.#parts
    const held = shelves.held(thing.member.tag)
    if (!held) return no({ type: 'not-held' })
    // Of a sealed package, what left it stands on the ledger for itself.
    const left = (shelves.asItStands(thing).inside?.tags ?? []).filter(
      (tag) => thing.inside?.noiseSeed === null || !supply.queries.parcel(shelves.view, toHex(tag)),
    )
    const wanted = only.length > 0 ? only.map((each) => shelves.stock.byLabel(each)?.member.tag) : left
    if (wanted.length === 0) return no({ type: 'nothing-inside' })
    const tags = wanted.filter((each) => each !== undefined)
    if (tags.length < wanted.length) return no({ type: 'label-unknown' })
    const manifest = shelves.stock.manifestOf(thing)
    const steps: string[] = []
    const changes: JournalChange[] = []
    for (const part of inParts(tags, parcelsMax)) {
      const opened = manifest ? unpacking(thing.member.tag, manifest, part) : takingOut(thing, part)
      if (!opened.ok) return no({ type: 'label-unknown' })
      const made = this.#parts.compose(opened.value, [held.key.seed], { type: 'other' })
      steps.push(made.step)
      changes.push(...made.changes)
    }
    this.#parts.desk.write(changes)
    return ok({ steps })
  }
}

function takingOut({ member, inside }: Thing, tags: readonly Uint8Array[]) {
  const there = new Set(inside?.tags.map(toHex))
  if (tags.some((tag) => !there.has(toHex(tag)))) return no({ type: 'not-a-member' } as const)
  return ok({ type: 'take-out', tag: member.tag, children: tags.toSorted(compareBytes) } as const)
}

/** Labels, tags and trees of one plan. */
class Packing {
  readonly things: Thing[] = []
  readonly #parts
  readonly #seen = new Set<string>()
  #units = 0

  constructor(parts: {
    readonly desk: BookDesk
    readonly shelves: Shelves
    readonly plan: LotPlan
    readonly labelKey: ReturnType<typeof labelKeysOf>
    readonly lot: Uint8Array
  }) {
    this.#parts = parts
  }

  pack(plan: PackingPlan, around: readonly Uint8Array[]): Result<PackageMember, SupplyRefusal> {
    const children = 'packages' in plan ? plan.packages.length : plan.serials.length
    const isTooLarge = children === 0 || children > packageLeavesMax || around.length + 1 >= depthMax
    if (isTooLarge) return no({ type: 'plan-too-large' })
    const own = this.#labelled({ type: 'package', sscc: plan.sscc })
    if (!own.ok) return own
    const inner = [own.value.tag, ...around]
    const members: PackageMember[] = []
    const parts = 'packages' in plan ? plan.packages : plan.serials
    for (const each of parts) {
      const packed = typeof each === 'string' ? this.#unit(each, inner) : this.pack(each, inner)
      if (!packed.ok) return packed
      members.push(packed.value)
    }
    const manifest = { members, noiseSeed: this.#parts.desk.random(32) }
    const member = { tag: own.value.tag, contents: contentsOf(manifest), lots: [this.#parts.lot] }
    const inside = { tags: members.map(({ tag }) => tag), noiseSeed: manifest.noiseSeed }
    this.things.push({ ...own.value.label, member, inside, around })
    return ok(member)
  }

  #unit(serial: string, around: readonly Uint8Array[]): Result<PackageMember, SupplyRefusal> {
    if (this.#units++ >= unitsPerLotMax) return no({ type: 'plan-too-large' })
    const labelled = this.#labelled({ type: 'unit', gtin: this.#parts.plan.gtin, serial })
    if (!labelled.ok) return labelled
    const member = { tag: labelled.value.tag, contents: null, lots: [this.#parts.lot] }
    this.things.push({ ...labelled.value.label, member, inside: null, around })
    return ok(member)
  }

  /** A label is used once: of another lot, or of this one. */
  #labelled(
    identifier: LabelIdentifier,
  ): Result<{ readonly tag: Uint8Array; readonly label: Pick<Thing, 'identifier' | 'labelKey'> }, SupplyRefusal> {
    const { labelKey, shelves } = this.#parts
    const key = labelKey(identifier)
    const tag = key.ok ? tagOf(key.value, identifier) : key
    if (!key.ok || !tag.ok) return no({ type: 'label-malformed' })
    if (this.#seen.has(toHex(tag.value)) || shelves.stock.byLabel(identifier)) return no({ type: 'label-known' })
    this.#seen.add(toHex(tag.value))
    return ok({ tag: tag.value, label: { identifier, labelKey: key.value } })
  }
}
