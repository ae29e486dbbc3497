/** Two steps on one item in one block: one wins on every replica, and the other is told. */
import { encode, toHex } from '@plexus/codec'
import { createMachine, memoryLedger, sealEnvelope, viewOf } from '@plexus/kernel'
import { describe, expect, test } from 'vitest'
import { contracts, directory } from '../index.ts'
import { castOf, type Identity, Random } from '../world.testing.ts'
import { chainOf, subjects } from '../worlds.testing.ts'
import { dayAt } from './days.ts'
import { freshKey, place, prescriber } from './examples.testing.ts'
import { type PrescriptionsTransaction, prescriptions } from './index.ts'

const replicasCount = 7
const ordersCount = 1_000
const cast = castOf(5)
const chain = chainOf(subjects, cast)
const { time } = chain.genesis
const [own, patient, claimant] = [freshKey(), freshKey(), freshKey()]
const { handle } = own
const rivals = [freshKey(), freshKey()]

let nonce = 0
function envelope(transaction: PrescriptionsTransaction, signer: Identity, sponsor = 0): Uint8Array {
  nonce++
  const keys = [cast.sponsorKeys[sponsor] as Identity, signer]
  return sealEnvelope(
    {
      chain: chain.id,
      sponsor: cast.members[sponsor] as string,
      nonce: new Uint8Array(16).fill(nonce),
      validUntil: time + 60,
      contract: prescriptions.name,
      transaction: encode(prescriptions.transaction, transaction),
    },
    keys.map(({ seed }) => seed),
  )
}

const issuedDay = dayAt(time, place)
const before = [
  envelope(
    {
      type: 'sign-items',
      organisation: 'alder',
      registrar: 'grove',
      prescribers: [prescriber],
      dayLagMinutes: place.lagMinutes,
      items: [
        {
          handle,
          patient: patient.handle,
          content: new Uint8Array(32).fill(5),
          limits: 'ii',
          issuedDay,
          firstDay: issuedDay,
          lastDay: issuedDay + 30,
          refills: 0,
          refillWeeks: 0,
        },
      ],
    },
    cast.officeKeys[0] as Identity,
  ),
  envelope({ type: 'make-available', handle, claimant: claimant.handle }, patient, 1),
]
const claims = rivals.map((rival, index) =>
  envelope({ type: 'claim', handle, holder: rival.handle }, claimant, index + 2),
)
const others = [
  envelope({ type: 'nominate', handle, claimant: freshKey().handle }, freshKey(), 4),
  envelope({ type: 'expire', handle }, freshKey(), 4),
]
const cancel = envelope({ type: 'cancel', handle }, own, 4)

/** Signatures are verified once: what the thousand orders are about is which envelope comes first. */
const replicas = Array.from({ length: replicasCount }, () => {
  const machine = createMachine({ chain, contracts, directory, signaturesHold: () => true })
  const ledger = memoryLedger(machine)
  ledger.commit(machine.apply(ledger.reader, { height: 1, time, transactions: before }))
  return { machine, reader: ledger.reader }
})

/** The block on every replica, from the same state: what came of each envelope, and who holds the item. */
function played(transactions: readonly Uint8Array[]) {
  const answers = replicas.map(({ machine, reader }) => {
    const applied = machine.apply(reader, { height: 2, time: time + 5, transactions })
    const changes = new Map(applied.changes.map(({ key, value }) => [key, value]))
    const view = viewOf(prescriptions, {
      get: (key) => (changes.has(key) ? (changes.get(key) ?? undefined) : reader.get(key)),
      entries: (prefix) => reader.entries(prefix),
    })
    const item = prescriptions.queries.item(view, toHex(handle))
    return {
      appHash: toHex(applied.tip.appHash),
      codes: applied.outcomes.map(({ space, code }) => `${space}/${code}`),
      holder: item?.holder ? toHex(item.holder) : null,
      item,
    }
  })
  expect(new Set(answers.map(({ appHash }) => appHash)).size).toBe(1)
  return answers[0] as (typeof answers)[number]
}

function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const left = [...items]
  return Array.from({ length: left.length }, () => left.splice(random.below(left.length), 1)[0] as Item)
}

describe('in one block', () => {
  test('two pharmacies claim one item: in 1,000 orders over 7 replicas one holds it, and the other is told', () => {
    const winners = new Set<string | null>()
    for (let seed = 1; seed <= ordersCount; seed++) {
      const order = shuffled([...claims, ...others], new Random(seed))
      const { codes, holder } = played(order)
      const at = claims.map((claim) => order.indexOf(claim))
      const first = (at[0] as number) < (at[1] as number) ? 0 : 1
      expect(holder).toBe(toHex((rivals[first] as Identity).handle))
      expect(codes[at[first] as number]).toBe('kernel/0')
      expect(codes[at[1 - first] as number]).toBe(`prescriptions/${prescriptions.rejections['held-by-another'].code}`)
      winners.add(holder)
    }
    expect(winners.size).toBe(2)
  })

  test('a cancellation and a claim: whichever is first wins, and what became of the other is in the same block', () => {
    const claim = claims[0] as Uint8Array
    const ended = played([cancel, claim])
    expect(ended.item).toMatchObject({ status: 'cancelled', holder: null })
    expect(ended.codes).toEqual(['kernel/0', `prescriptions/${prescriptions.rejections['item-ended'].code}`])
    const marked = played([claim, cancel])
    expect(marked.item).toMatchObject({ status: 'held', marked: 2 })
    expect(marked.codes).toEqual(['kernel/0', 'kernel/0'])
  })
})
