/** Suite `verify-unit`: a label is scanned at a node that has a million units on its shelves. */
import { join } from 'node:path'
import { concatBytes } from '@plexus/codec'
import { openAead, sealAead } from '@plexus/crypto'
import { checkDigit } from '@plexus/epcis'
import { openJournal, type Sealing } from '@plexus/store'
import { bytesOf } from '../sponsors.ts'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { board, SupplyWorld } from '../supply-world.ts'

const maker = 'maker-pharma'
const gtin = '00300021433802'
const full = { lots: 53, casesPerLot: 1_600, scans: 2_000 }
const tiny = { lots: 2, casesPerLot: 4, scans: 20 }
const unitsPerCase = 12
const casesPerPallet = 40
const secondsMax = 0.1
const farAhead = 4_000_000_000

export const suite: Suite = {
  name: 'verify-unit',
  claim:
    'A label scanned at a node that commissioned a million units: found by its blinded label, placed by the ledger through its sealed packages, answered, and the scan durable.',
  nonClaim:
    'No HTTP, which the suite `access` has. A label whose maker must be asked takes two notes more. What was just written is in the memory of this machine.',
  oneCore: true,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const { lots, casesPerLot, scans } = small ? tiny : full
  const journals: ReturnType<typeof openJournal>[] = []
  const world = new SupplyWorld([maker], (id, folder) => {
    const journal = openJournal(join(folder, id), { sealing: sealingUnder(bytesOf('journal', 0)) })
    journals.push(journal)
    return journal
  })
  try {
    const { book, journal } = world.partner(maker)
    book.licences.ask({ role: 'maker', count: lots, authority: board })
    await world.settle()
    world.partner(board).book.licences.grant({ role: 'maker', partners: [maker], validUntil: farAhead })
    await world.settle()
    for (let lot = 0; lot < lots; lot++) {
      const made = book.making.commission(planOf(lot, casesPerLot))
      if (!made.ok) throw new Error(`not commissioned: ${made.reason.type}`)
      await world.settle()
      await journal.durable()
      if ((lot + 1) % 10 === 0) tell(`${(lot + 1) * casesPerLot * unitsPerCase} units commissioned`)
    }
    const seconds: number[] = []
    const answers = new Set<string>()
    for (let scan = 0; scan < scans; scan++) {
      // Strides that share no factor with the numbers of units: the labels lie all over the tables.
      const at = (scan * 7_919) % (casesPerLot * unitsPerCase)
      const label = {
        identifier: { type: 'unit', gtin, serial: serialOf((scan * 31) % lots, at) },
        lot: lotOf((scan * 31) % lots),
        expiry: null,
      } as const
      const from = performance.now()
      const { answer } = book.scanning.scan(label, null)
      await journal.durable()
      seconds.push((performance.now() - from) / 1000)
      answers.add(answer)
    }
    const units = lots * casesPerLot * unitsPerCase
    const target = { type: 'below', value: secondsMax } as const
    return {
      figures: [
        { name: `a label among ${units} units, p50`, value: median(seconds), unit: 's' },
        { name: `a label among ${units} units, p95`, value: percentile(seconds, 0.95), unit: 's', target },
      ],
      checked: { units, answers: [...answers] },
    }
  } finally {
    for (const journal of journals) journal.close()
    world.close()
  }
}

const lotOf = (lot: number): string => `L${lot}`
const serialOf = (lot: number, unit: number): string => `S${lot}-${unit}`

function planOf(lot: number, cases: number) {
  const packages = Array.from({ length: Math.ceil(cases / casesPerPallet) }, (_, pallet) => ({
    sscc: ssccOf(lot * 100_000 + 90_000 + pallet),
    packages: Array.from({ length: Math.min(casesPerPallet, cases - pallet * casesPerPallet) }, (_each, inPallet) => {
      const box = pallet * casesPerPallet + inPallet
      return {
        sscc: ssccOf(lot * 100_000 + box),
        serials: Array.from({ length: unitsPerCase }, (_unit, unit) => serialOf(lot, box * unitsPerCase + unit)),
      }
    }),
  }))
  return { gtin, lot: lotOf(lot), endsAt: farAhead, packages }
}

function ssccOf(number: number): string {
  const body = `00300021${String(number).padStart(9, '0')}`
  return `${body}${checkDigit(body)}`
}

/** As a node seals its journal, with nonces that count. */
function sealingUnder(key: Uint8Array): Sealing {
  const context = new Uint8Array(0)
  let sealed = 0
  return {
    seal(plaintext) {
      const nonce = bytesOf('nonce', sealed++).slice(0, 12)
      const ciphertext = sealAead({ key, nonce, plaintext, context })
      return concatBytes(nonce, ciphertext)
    },
    open: (bytes) => openAead({ key, nonce: bytes.slice(0, 12), sealed: bytes.slice(12), context }),
  }
}
