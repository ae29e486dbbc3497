/** From the prescriber's signature to the last tablet, on a real ledger, with what each party holds. */
import { randomBytes } from 'node:crypto'
import { compareBytes, encode, toHex, utf8 } from '@plexus/codec'
import {
  contracts,
  dayAt,
  directory,
  type Fill,
  type Item,
  members,
  type PrescriptionsTransaction,
  practitioners,
  prescriptions,
} from '@plexus/contracts'
import { generateSealingKey, publicKeyOf, sha256 } from '@plexus/crypto'
import { assembleEnvelope, createMachine, foundChain, memoryLedger, signBody, viewOf } from '@plexus/kernel'
import { describe, expect, test } from 'vitest'
import { quantityOf } from './amounts.ts'
import { cancellationAnswer } from './cancellation.ts'
import { checkPrescription, overlapsOf } from './check.ts'
import {
  openPrescription,
  type Prescription,
  type PrescriptionContent,
  sealPrescription,
  signPrescription,
} from './content.ts'
import { checkRecord, fillOf, isOfPharmacist } from './dispensing.ts'
import { claimantSeed, handleOfSeed, itemSeed, patientItemSeed } from './keys.ts'
import { prescriptionStep } from './steps.ts'

const random = (length: number) => new Uint8Array(randomBytes(length))
const seedOf = (name: string) => sha256(utf8(name))
const start = 1_795_000_000
const place = { lagMinutes: 1_140 }
const lot = 'A-4711'
const organisations = ['clinic', 'neutral'] as const
const npis = ['1003000126', '1245319599', '1234567893'] as const
const oxycodone = { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' } as const
const bottle = { system: 'ndc', code: '00406-0512-01', display: 'Oxycodone and acetaminophen' } as const

class World {
  time = start
  private nonce = 0
  private readonly founded
  private readonly machine
  private readonly ledger
  readonly blocks: Uint8Array[] = []

  constructor() {
    const of = (contract: typeof members | typeof practitioners, event: object) => ({
      contract: contract.name,
      event: encode(contract.event as Parameters<typeof encode>[0], event),
    })
    this.founded = foundChain({
      name: 'test',
      time: start,
      engine: { type: 'local', sequencer: new Uint8Array(32) },
      founding: [
        ...organisations.flatMap((member) => [
          of(members, {
            type: 'member-founded',
            member,
            address: `https://${member}.example`,
            sealingKey: new Uint8Array(1216),
            owner: member,
          }),
          of(members, {
            type: 'key-registered',
            holder: member,
            key: publicKeyOf(seedOf(member)),
            scopes: ['batches', 'credentials', 'sponsor'],
            next: null,
            height: 0,
          }),
        ]),
        ...npis.flatMap((npi) => [
          of(practitioners, {
            type: 'licence-attested',
            npi,
            board: 'clinic',
            jurisdiction: 'CT',
            validUntil: start * 2,
            height: 0,
          }),
          ...['clinic', 'drug-agency'].map((organisation) =>
            of(practitioners, {
              type: 'role-attested',
              npi,
              organisation,
              role: 'prescriber',
              key: publicKeyOf(seedOf(npi)),
              height: 0,
            }),
          ),
        ]),
        of(members, { type: 'contract-activated', contract: prescriptions.name, version: 1, height: 0 }),
      ],
    })
    this.machine = createMachine({ chain: this.founded, contracts, directory })
    this.ledger = memoryLedger(this.machine)
  }

  get chain(): Uint8Array {
    return this.founded.id
  }

  /** One block with one envelope: `accepted`, or the type of the rejection. */
  submit(
    transaction: PrescriptionsTransaction,
    seeds: readonly Uint8Array[] = [],
    sponsor: (typeof organisations)[number] = 'neutral',
  ): 'accepted' | keyof typeof prescriptions.rejections {
    this.time += 5
    const own = seedOf(sponsor)
    const frame = {
      sponsor,
      sponsorKey: publicKeyOf(own),
      nonce: new Uint8Array(16).fill(this.nonce++),
      validUntil: this.time + 60,
    }
    const { body, shares } = prescriptionStep(this.chain, frame, transaction, seeds)
    const all = [...shares, { key: frame.sponsorKey, signature: signBody(this.chain, body, own) }]
    all.sort((a, b) => compareBytes(a.key, b.key))
    const envelope = assembleEnvelope(
      body,
      all.map(({ signature }) => signature),
    )
    const { reader } = this.ledger
    const applied = this.machine.apply(reader, {
      height: (reader.tip()?.height ?? 0) + 1,
      time: this.time,
      transactions: [envelope],
    })
    this.ledger.commit(applied)
    this.blocks.push(envelope, ...applied.events.map(({ event }) => event))
    const code = applied.outcomes[0]?.code ?? 0
    const found = Object.entries(prescriptions.rejections).find(([, each]) => each.code === code)
    return code === 0 ? 'accepted' : (found?.[0] as keyof typeof prescriptions.rejections)
  }

  passUntil(time: number): void {
    this.time = time
  }

  item(handle: Uint8Array): Item {
    return prescriptions.queries.item(this.view(), toHex(handle)) as Item
  }

  view() {
    return viewOf(prescriptions, this.ledger.reader)
  }

  get today(): number {
    return dayAt(this.time, place)
  }

  /** Every byte that a member holds of the ledger: envelopes, events, state. */
  held(): string {
    const state = [...this.ledger.reader.entries('')].flatMap(([key, value]) => [utf8(key), value])
    return [...this.blocks, ...state].map(toHex).join('\n')
  }
}

interface Line {
  readonly own: Uint8Array
  readonly wallet: Uint8Array
  readonly handle: Uint8Array
  readonly content: PrescriptionContent
  readonly prescription: Prescription
}

/** An order of thirty tablets, signed by a clinician and put on the ledger by the clinic. */
function prescribed(world: World, number = 1, changes: Partial<PrescriptionContent> = {}, npi: string = npis[0]): Line {
  const { chain, today } = world
  const own = itemSeed({ secret: seedOf('practice'), chain }, `order-${number}`, 1)
  const wallet = patientItemSeed({ root: seedOf('root'), chain }, number)
  const handle = handleOfSeed(own)
  const content: PrescriptionContent = {
    handle,
    patient: handleOfSeed(wallet),
    drug: oxycodone,
    quantity: 30,
    unit: '{tbl}',
    schedule: 'II',
    directions: 'one tablet every six hours as needed for pain',
    note: 'MRN 554433',
    limits: 'ii',
    issuedDay: today,
    firstDay: today,
    lastDay: today + 30,
    refills: 0,
    refillWeeks: 0,
    prescriber: { npi, organisation: 'clinic', registration: 'AB1234563' },
    authentication: seedOf('two factors'),
    ...changes,
  }
  const { prescription, item } = signPrescription(chain, content, { clinicianSeed: seedOf(npi), random })
  const transaction = {
    type: 'sign-items',
    organisation: 'clinic',
    registrar: 'drug-agency',
    prescribers: [...npis].sort(),
    dayLagMinutes: place.lagMinutes,
    items: [item],
  } as const
  expect(world.submit(transaction, [], 'clinic')).toBe('accepted')
  return { own, wallet, handle, content, prescription }
}

/** The patient nominates, the pharmacy claims: its key. */
function heldBy(world: World, { wallet, handle }: Line): Uint8Array {
  const claimant = claimantSeed(wallet, world.chain, 1)
  const holder = random(32)
  world.submit({ type: 'make-available', handle, claimant: handleOfSeed(claimant) }, [wallet])
  expect(world.submit({ type: 'claim', handle, holder: handleOfSeed(holder) }, [claimant])).toBe('accepted')
  return holder
}

const shown = (world: World, { handle }: Line) => {
  const item = world.item(handle)
  const signing = prescriptions.queries.signing(world.view(), toHex(item.signing))
  if (!signing) throw new Error('an item was signed by nobody')
  const clinicianKey = publicKeyOf(seedOf(npis[0]))
  return { chain: world.chain, handle, item, signing, clinicianKey, registrars: ['drug-agency'] }
}

function fill(world: World, line: Line, holder: Uint8Array, quantity: number, first = true) {
  const { chain } = world
  const part = {
    quantity,
    product: bottle,
    lot,
    day: world.today,
    by: {
      ...{ organisation: 'clinic', pharmacy: npis[2], pharmacist: npis[1], seed: seedOf(npis[1]) },
      beside: [{ organisation: 'clinic', pharmacy: npis[2], pharmacists: [npis[0]] }],
    },
    remainder: first && quantity < line.content.quantity ? ('requested' as const) : null,
  }
  const made = fillOf({ chain, item: world.item(line.handle), content: line.content }, part, random)
  return { ...made, answer: world.submit(made.transaction, [holder]) }
}

describe('thirty tablets of oxycodone and acetaminophen (RxNorm 1049221)', () => {
  test('twenty are filled, then the prescriber cancels: marked, the last ten refused, cancelled with twenty filled', () => {
    const world = new World()
    const line = prescribed(world)
    const { handle, own, content } = line
    const holder = heldBy(world, line)
    expect(fill(world, line, holder, 20).answer).toBe('accepted')
    const answered = world.submit({ type: 'cancel', handle }, [own])
    expect(cancellationAnswer(answered, world.item(handle))).toEqual({
      code: 'R-0003',
      says: 'not cancelled, with dispenser, marked for cancellation',
    })
    expect(fill(world, line, holder, 10, false).answer).toBe('marked-for-cancellation')
    expect(world.submit({ type: 'return-item', handle }, [holder])).toBe('accepted')
    const { status, level } = world.item(handle)
    expect([status, quantityOf(level, content.quantity)]).toEqual(['cancelled', 20])
    const again = world.submit({ type: 'cancel', handle }, [own])
    expect(cancellationAnswer(again, world.item(handle)).code).toBe('R-0006')
  })

  test('the pharmacy opens what was sealed to it, and finds it as it was signed', async () => {
    const world = new World()
    const line = prescribed(world)
    const { chain } = world
    const { handle } = line
    const seed = random(32)
    const { publicKey } = await generateSealingKey(seed)
    const sealed = await sealPrescription(line.prescription, { chain, handle, publicKey })
    const opened = await openPrescription(sealed, { chain, handle, seed })
    expect(opened.ok && checkPrescription(opened.value, shown(world, line))).toEqual({ ok: true, value: line.content })
    expect((await openPrescription(sealed, { chain, handle, seed: random(32) })).ok).toBe(false)
  })

  test('twenty and ten are recorded: whoever has the records holds them against the ledger', () => {
    const world = new World()
    const line = prescribed(world)
    const { content, handle } = line
    const holder = heldBy(world, line)
    const parts = [fill(world, line, holder, 20), fill(world, line, holder, 10, false)]
    const on = ({ transaction }: (typeof parts)[number]) => {
      const tag = transaction.type === 'fill' ? toHex(transaction.tag) : ''
      return { chain: world.chain, content, fill: prescriptions.queries.fill(world.view(), tag) as Fill }
    }
    expect(parts.map((part) => checkRecord(part, on(part)))).toEqual([{ ok: true }, { ok: true }])
    expect(quantityOf(world.item(handle).level, content.quantity)).toBe(30)
    const [first, second] = parts as [(typeof parts)[number], (typeof parts)[number]]
    expect(checkRecord(first, on(second))).toMatchObject({ reason: { type: 'other-record' } })
    const doubled = { ...on(first), content: { ...content, quantity: 60 } }
    expect(checkRecord(first, doubled)).toMatchObject({ reason: { type: 'quantity-differs' } })
    expect(on(first).fill.dispensers).toEqual([
      { organisation: 'clinic', pharmacy: npis[2], pharmacists: [npis[0], npis[1]] },
    ])
    const others = {
      ...on(first).fill,
      dispensers: [{ organisation: 'clinic', pharmacy: npis[2], pharmacists: [npis[0]] }],
    }
    const unnamed = checkRecord(first, { ...on(first), fill: others })
    expect(unnamed).toMatchObject({ reason: { type: 'dispenser-not-named' } })
    const signedBy = (npi: string) => isOfPharmacist(first, world.chain, publicKeyOf(seedOf(npi)))
    expect(npis.map(signedBy)).toEqual([false, true, false])
    const elsewhere = { ...on(first), content: { ...content, handle: seedOf('other') } }
    expect(checkRecord(first, elsewhere)).toMatchObject({ reason: { type: 'other-item' } })
  })

  test('the same order is signed once, whoever sends it again', () => {
    const world = new World()
    prescribed(world)
    expect(() => prescribed(world)).toThrow('handle-known')
  })

  test('each ending of a cancellation has its answer', () => {
    const codes = (act: (world: World, line: Line) => Uint8Array | undefined) => {
      const world = new World()
      const line = prescribed(world)
      const key = act(world, line) ?? line.own
      return cancellationAnswer(world.submit({ type: 'cancel', handle: line.handle }, [key]), world.item(line.handle))
        .code
    }
    expect(codes(() => undefined)).toBe('R-0001')
    expect(codes((world, line) => void heldBy(world, line))).toBe('R-0002')
    expect(codes((world, line) => void fill(world, line, heldBy(world, line), 30))).toBe('R-0004')
    expect(codes((world, line) => void world.passUntil(world.item(line.handle).endsAt))).toBe('R-0005')
    expect(codes(() => random(32))).toBe('R-0007')
    const notDispensed = (world: World, line: Line) => {
      world.submit({ type: 'not-dispensed', handle: line.handle }, [heldBy(world, line)])
      return undefined
    }
    expect(codes(notDispensed)).toBe('R-0010')
    expect(cancellationAnswer('item-unknown', undefined).code).toBe('R-0008')
  })
})

describe('what the ledger tells', () => {
  test('T-01: no drug, product, quantity, direction, lot, number of a chart or of a registration stands in any byte of it', () => {
    const world = new World()
    const line = prescribed(world)
    const holder = heldBy(world, line)
    fill(world, line, holder, 20)
    fill(world, line, holder, 10, false)
    const held = world.held()
    const { directions, note, prescriber, unit } = line.content
    const secrets = [oxycodone.code, oxycodone.display, bottle.code, '0040605120', 'Oxycodone', lot, directions, note]
    for (const secret of [...secrets, unit, prescriber.registration ?? '', '554433'])
      expect([secret, held.includes(toHex(utf8(secret)))]).toEqual([secret, false])
    const content = toHex(line.prescription.content)
    for (const hidden of [content, toHex(sha256(line.prescription.content)), toHex(line.prescription.leafKey)])
      expect(held.includes(hidden)).toBe(false)
    expect(held.includes(toHex(line.handle))).toBe(true)
  })

  test('T-02: three items of one patient share no value but what their limits and days say', () => {
    const world = new World()
    const before = world.blocks.length
    const valuesOf = (number: number) => {
      const from = world.blocks.length
      const line = prescribed(world, number, {}, npis[number - 1])
      fill(world, line, heldBy(world, line), 30)
      const text = world.blocks.slice(from).map(toHex).join('\n')
      // Byte strings of 32 in CBOR, those of the members' keys and the chain left out.
      const known = new Set([toHex(world.chain), ...organisations.map((member) => toHex(publicKeyOf(seedOf(member))))])
      return new Set(
        [...text.matchAll(/5820([0-9a-f]{64})/g)].map(([, value]) => value).filter((each) => !known.has(each ?? '')),
      )
    }
    const seen = [1, 2, 3].map(valuesOf)
    const all = seen.flatMap((values) => [...values])
    expect(before).toBe(0)
    expect(all.length).toBeGreaterThan(20)
    expect(new Set(all).size).toBe(all.length)
  })

  test('the wallet, which has all three, finds the same drug from three prescribers', () => {
    const world = new World()
    const contents = [1, 2, 3].map((number) => prescribed(world, number, {}, npis[number - 1]).content)
    expect(overlapsOf(contents).map(({ type }) => type)).toEqual(['same-drug', 'same-drug', 'same-drug'])
    const [one, two] = contents as [PrescriptionContent, PrescriptionContent]
    const other = { ...two, drug: { ...oxycodone, code: '1049502' } }
    expect(overlapsOf([one, other])).toMatchObject([{ type: 'same-schedule' }])
    expect(overlapsOf([one, { ...other, firstDay: one.lastDay + 1, lastDay: one.lastDay + 2 }])).toEqual([])
  })
})
