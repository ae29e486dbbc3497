/** Suite `epcis`: capture documents of a drug's way, read, checked against the standard, named by content, and kept in memory. */
import { capture, checkDigit, MemoryRepository, readEpcisJson, writeEpcisXml } from '@plexus/epcis'
import { median, type Outcome, type RunOptions, type Suite } from '../suite.ts'

const size = { documents: 40, rounds: 5 }
const smallSize = { documents: 2, rounds: 1 }
const eventsPerDocument = 500
const unitsPerCase = 12
const eventsPerSecondMin = 2_000
const now = Date.UTC(2026, 10, 21)

export const suite: Suite = {
  name: 'epcis',
  claim:
    'Capture of EPCIS 2.0 on one core: documents of 500 events (commission, pack, ship, receive; cases of 12 units) read from bytes, checked member by member, given their CBV 2.0 identifiers, recorded and kept, from JSON and from XML.',
  nonClaim: 'The repository is memory: sealing, disk, HTTP and the ledger are not in it. Events without sensor data.',
  oneCore: true,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const { documents, rounds } = small ? smallSize : size
  const json = Array.from({ length: documents }, (_, index) => documentOf(index))
  const xml = json.map(inXml)
  const rates: Record<'json' | 'xml', number[]> = { json: [], xml: [] }
  const names: Record<'json' | 'xml', string> = { json: '', xml: '' }
  // One round unmeasured: code that was never run is no product's speed.
  for (let round = -1; round < rounds; round++)
    for (const [form, mediaType, bytes] of [
      ['json', 'application/json', json],
      ['xml', 'application/xml', xml],
    ] as const) {
      const repository = new MemoryRepository()
      const from = performance.now()
      for (const each of bytes) {
        const captured = capture(repository, { bytes: each, mediaType, now })
        if (!captured.ok) throw new Error(`refused: ${captured.reason.type} ${captured.reason.path}`)
      }
      const rate = repository.count / ((performance.now() - from) / 1000)
      if (repository.count !== documents * eventsPerDocument) throw new Error('events are missing')
      if (round >= 0) rates[form].push(rate)
      names[form] = [...repository.events()].at(-1)?.contentHash ?? ''
    }
  const bytes = json.reduce((sum, { length }) => sum + length, 0)
  tell(`${documents} documents of ${eventsPerDocument} events, ${Math.round(bytes / documents / 1024)} KiB each`)
  if (names.json !== names.xml) throw new Error('JSON and XML name an event differently')
  return {
    figures: [
      {
        name: 'events captured a second, from JSON',
        value: median(rates.json),
        unit: '1/s',
        target: { type: 'at-least', value: eventsPerSecondMin },
      },
      {
        name: 'events captured a second, from XML',
        value: median(rates.xml),
        unit: '1/s',
        target: { type: 'at-least', value: eventsPerSecondMin },
      },
    ],
    checked: { events: documents * eventsPerDocument, last: names.json },
  }
}

const at = (minute: number): string => new Date(now - 86_400_000 + minute * 60_000).toISOString()
const place = (number: number) => `urn:epc:id:sgln:030002.10000${number}.0`

/** Four events for each case of a document; serials differ between documents. */
function documentOf(index: number): Uint8Array {
  const eventList = Array.from({ length: eventsPerDocument / 4 }, (_, box) =>
    wayOf(index * eventsPerDocument + box),
  ).flat()
  const document = {
    '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: at(0),
    epcisBody: { eventList },
  }
  return new TextEncoder().encode(JSON.stringify(document))
}

function wayOf(box: number): readonly object[] {
  const caseBody = `00300021${String(box).padStart(9, '0')}`
  const caseId = `https://id.gs1.org/00/${caseBody}${checkDigit(caseBody)}`
  const units = Array.from({ length: unitsPerCase }, (_, unit) => `urn:epc:id:sgtin:030002.0143380.${box}-${unit}`)
  const common = (minute: number) => ({ eventTime: at(minute), eventTimeZoneOffset: '-05:00' })
  const parties = {
    bizTransactionList: [{ type: 'po', bizTransaction: `urn:epcglobal:cbv:bt:0300020000006:PO-${box}` }],
    sourceList: [{ type: 'owning_party', source: 'urn:epc:id:pgln:030002.000000' }],
    destinationList: [{ type: 'owning_party', destination: 'urn:epc:id:pgln:0614141.00000' }],
  }
  const moved = { type: 'ObjectEvent', action: 'OBSERVE', epcList: [caseId], ...parties }
  return [
    {
      type: 'ObjectEvent',
      ...common(1),
      action: 'ADD',
      bizStep: 'commissioning',
      disposition: 'active',
      epcList: units,
      readPoint: { id: place(1) },
      ilmd: { 'cbvmda:lotNumber': 'L7', 'cbvmda:itemExpirationDate': '2027-11-30' },
    },
    {
      type: 'AggregationEvent',
      ...common(2),
      action: 'ADD',
      bizStep: 'packing',
      parentID: caseId,
      childEPCs: units,
      readPoint: { id: place(1) },
    },
    { ...moved, ...common(3), bizStep: 'shipping', disposition: 'in_transit', readPoint: { id: place(1) } },
    {
      ...moved,
      ...common(4),
      bizStep: 'receiving',
      disposition: 'in_progress',
      readPoint: { id: place(2) },
      bizLocation: { id: place(2) },
    },
  ]
}

function inXml(bytes: Uint8Array): Uint8Array {
  const read = readEpcisJson(bytes)
  const written = read.ok ? writeEpcisXml(read.value) : read
  if (!written.ok) throw new Error(`refused: ${written.reason.type} ${written.reason.path}`)
  return written.value
}
