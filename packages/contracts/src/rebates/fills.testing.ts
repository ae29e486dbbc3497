/** Fills that stand before the first block, so that there is something on which a discount accrues. */
import { toHex } from '@plexus/codec'
import { type PrescriptionsEvent, prescriptions, whole } from '../prescriptions/index.ts'
import { type Identity, identityOf } from '../world.testing.ts'

/** A fill of an item of its own: the keys of its tag, and of the pharmacy that holds the item. */
export interface FoundedFill {
  readonly tag: Identity
  readonly holder: Identity
}

const fillsCount = 12
const keysPerFill = 5
/** Above the numbers that other worlds take. */
const firstNumber = 20_000
const secondsPerDay = 86_400
const issuedDay = 20_000
const keysOf = (fill: number) =>
  Array.from({ length: keysPerFill }, (_, each) => identityOf(firstNumber + keysPerFill * fill + each)) as [
    item: Identity,
    patient: Identity,
    claimant: Identity,
    holder: Identity,
    tag: Identity,
  ]

export const foundedFills: readonly FoundedFill[] = Array.from({ length: fillsCount }, (_, fill) => {
  const [, , , holder, tag] = keysOf(fill)
  return { tag, holder }
})

/** The events of prescriptions that lead to these fills. */
export function fillEvents(): readonly {
  readonly contract: typeof prescriptions
  readonly event: PrescriptionsEvent
}[] {
  const nothing = new Uint8Array(32)
  return Array.from({ length: fillsCount }, (_, fill) => keysOf(fill)).flatMap(
    ([item, patient, claimant, holder, tag]) => {
      const handle = item.handle
      const events: readonly PrescriptionsEvent[] = [
        {
          type: 'items-signed',
          organisation: 'alder',
          registrar: null,
          prescribers: ['1003000126'],
          dayLagMinutes: 0,
          items: [
            {
              handle,
              patient: patient.handle,
              content: nothing,
              limits: 'none',
              issuedDay,
              firstDay: issuedDay,
              lastDay: issuedDay + 365,
              refills: 0,
              refillWeeks: 0,
            },
          ],
          height: 0,
        },
        { type: 'made-available', handle, claimant: claimant.handle, height: 0 },
        { type: 'claimed', handle, holder: holder.handle, height: 0 },
        {
          type: 'filled',
          handle,
          fill: 1,
          from: 0,
          to: whole,
          record: nothing,
          tag: tag.handle,
          holder: holder.handle,
          dispensers: [{ organisation: 'alder', pharmacy: '1003000126', pharmacists: ['1003000126'] }],
          remainderEndsAt: null,
          nextStartsAt: issuedDay * secondsPerDay,
          height: 0,
        },
      ]
      return events.map((event) => ({ contract: prescriptions, event }))
    },
  )
}

export const fillOfTag = (tag: string): FoundedFill | undefined =>
  foundedFills.find((fill) => toHex(fill.tag.handle) === tag)
