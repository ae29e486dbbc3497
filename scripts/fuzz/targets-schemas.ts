/** Doors whose bytes are canonical: what is accepted is written again as the same bytes, or it is a finding. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Schema } from '@plexus/codec'
import { Chance } from './chance.ts'
import { reach } from './reach.ts'
import { sampleOf } from './samples.ts'
import { answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'

/** Samples of one schema: variants and lengths differ among them. */
const samplesCount = 8
/** A list that must rise is missed when two of its items are drawn alike. */
const attemptsPerSample = 8
/** Of a group of schemas, each. */
const samplesOfGroupCount = 2

const statements = 'packages/policy/src/statements'
const store = 'packages/store/src'
const contracts = 'packages/contracts/src'
const sdkSupply = 'packages/sdk/src/supply'
const booksSupply = 'packages/books/src/supply'
const sdkPrescriptions = 'packages/sdk/src/prescriptions'

/** Name, what and whose, and where the schema stands; by itself or as a member of what stands there. */
const rows: readonly (readonly [string, string, string])[] = [
  [
    'contracts/members-transaction',
    'what a member asks of the contract members',
    `${contracts}/members/transactions.ts#transaction`,
  ],
  [
    'contracts/practitioners-transaction',
    'what a member asks of practitioners',
    `${contracts}/practitioners/transactions.ts#transaction`,
  ],
  [
    'contracts/notary-transaction',
    'what a member asks of the notary',
    `${contracts}/notary/transactions.ts#transaction`,
  ],
  [
    'contracts/prescriptions-transaction',
    'what a member asks of prescriptions',
    `${contracts}/prescriptions/transactions.ts#transaction`,
  ],
  ['contracts/prescriptions-event', 'events of prescriptions', `${contracts}/prescriptions/events.ts#event`],
  ['contracts/supply-transaction', 'what a member asks of supply', `${contracts}/supply/transactions.ts#transaction`],
  ['contracts/supply-event', 'events of supply', `${contracts}/supply/events.ts#event`],
  ['contracts/package-member', 'what is in a package, from whoever unpacks it', `${contracts}/supply/values.ts#member`],
  [
    'contracts/rebates-transaction',
    'what a member asks of rebates',
    `${contracts}/rebates/transactions.ts#transaction`,
  ],
  ['contracts/rebates-event', 'events of rebates', `${contracts}/rebates/events.ts#event`],
  [
    'contracts/releases-transaction',
    'what a member asks of releases',
    `${contracts}/releases/transactions.ts#transaction`,
  ],
  ['contracts/releases-event', 'events of releases', `${contracts}/releases/events.ts#event`],
  [
    'contracts/members-event',
    'events of members, from a replica or a genesis document',
    `${contracts}/members/events.ts#event`,
  ],
  ['contracts/practitioners-event', 'events of practitioners', `${contracts}/practitioners/events.ts#event`],
  ['contracts/notary-event', 'events of the notary', `${contracts}/notary/events.ts#event`],
  ['kernel/kernel-event', 'events of the kernel', 'packages/kernel/src/versions.ts#kernelEvent'],
  ['kernel/stored-block', 'a block, from a peer or the own disk', 'packages/kernel/src/ledger.ts#storedBlock'],
  ['store/snapshot-chunk', 'a part of a snapshot, from another member', `${store}/snapshot-format.ts#snapshotChunk`],
  [
    'engine/snapshot-hashes',
    'what comes beside a snapshot, from another member',
    'packages/engine/src/cometbft/snapshots.ts#hashes',
  ],
  [
    'kernel/opening',
    'a statement with its place in a batch, from another member',
    'packages/kernel/src/opening.ts#opening',
  ],
  ['sdk/prescription', 'a signed prescription, from whoever shows it', `${sdkPrescriptions}/content.ts#prescription`],
  [
    'sdk/prescription-content',
    'what a prescriber signed, from whoever shows it',
    `${sdkPrescriptions}/content.ts#prescriptionContent`,
  ],
  [
    'sdk/dispensing-record',
    'the record of a fill, from a pharmacy',
    `${sdkPrescriptions}/dispensing.ts#dispensingRecord`,
  ],
  [
    'sdk/prescription-note',
    'to the book of prescriptions, from a member or wallet',
    `${sdkPrescriptions}/words.ts#prescriptionNote`,
  ],
  [
    'sdk/prescription-word',
    'to a wallet, from the book of prescriptions',
    `${sdkPrescriptions}/words.ts#prescriptionWord`,
  ],
  [
    'books/rebate-message',
    'to the book of rebates, from the other party',
    'packages/books/src/rebates/messages.ts#message',
  ],
  [
    'sdk/rebate-note',
    'terms, accruals, steps and settlements of a discount, from the other party',
    'packages/sdk/src/rebates/statements.ts#rebateNote',
  ],
  ['books/supply-note', 'to the book of supply, from another member', `${booksSupply}/rows.ts#supplyNote`],
  ['sdk/supply-word', 'to a wallet, from the book of supply', `${sdkSupply}/words.ts#supplyWord`],
  ['sdk/package-manifest', 'what is in a package, from who shipped it', `${sdkSupply}/packages.ts#packageManifest`],
  ['sdk/lot-statement', 'what a maker says of a lot, from whoever shows it', `${sdkSupply}/lots.ts#lotStatement`],
  ['sdk/lot-proof', 'a proof of a lot, from its maker', `${sdkSupply}/lot-proof.ts#lotProof`],
  ['sdk/lot-content', 'what a maker signed of a lot', `${sdkSupply}/lots.ts#lotContent`],
  ['policy/enrolment', 'an enrolment, from a wallet', `${statements}/enrolment.ts#enrolment`],
  ['policy/evidence', 'evidence, from a requester', `${statements}/evidence.ts#evidence`],
  ['policy/directive-set', 'directives, from a wallet', `${statements}/directive-set.ts#directiveSet`],
  [
    'policy/record-version',
    'the statement of a record, from a custodian',
    `${statements}/record-version.ts#recordVersion`,
  ],
  ['policy/intent', 'an intent, from a requester', `${statements}/intent.ts#intent`],
  ['policy/receipt', 'a receipt, from a custodian', `${statements}/receipt.ts#receipt`],
  ['policy/release-note', 'a release note, from a custodian', `${statements}/bundle.ts#releaseNote`],
  ['policy/correction', 'a correction, from a custodian', `${statements}/correction.ts#correction`],
  ['policy/acknowledgement', 'its acknowledgement, from a receiver', `${statements}/correction.ts#acknowledgement`],
  ['policy/committed', 'a statement with all that proves it', `${statements}/bundle.ts#committed`],
  ['policy/notice', 'a notice, opened by a wallet', `${statements}/bundle.ts#notice`],
  ['policy/wallet-note', 'a note, from a wallet', `${statements}/notes.ts#walletNote`],
  ['policy/note-frame', 'what a note is sealed in', `${statements}/notes.ts#noteFrame`],
  [
    'policy/mailbox-request',
    'a signed request for a mailbox, from a wallet',
    `${statements}/notes.ts#signedMailboxRequest`,
  ],
  [
    'policy/own-record-request',
    'a signed request for the own chart, from a wallet',
    `${statements}/own-record.ts#signedOwnRecordRequest`,
  ],
  ['policy/own-record-page', 'a page of the own chart, from a custodian', `${statements}/own-record.ts#ownRecordPage`],
  [
    'policy/page-manifest',
    'what a member says of its pages, from whoever serves them',
    `${statements}/pages.ts#pageManifest`,
  ],
  ['policy/page-bundle', 'the manifest of pages, from whoever serves them', `${statements}/pages.ts#pageBundle`],
  ['policy/notice-page', 'a page of notices, from the mailbox’s member', `${statements}/notes.ts#noticePage`],
  [
    'exchange/member-note',
    'offers, answers, fetches and deposits, from another member',
    'packages/exchange/src/notes.ts#memberNote',
  ],
  [
    'sdk/envelope-batch',
    'a batch, or one frame of a submission stream, from whoever submits',
    'packages/sdk/src/submit-wire.ts#envelopeBatch',
  ],
  ['node/wallet-ask', 'what a wallet asks through another member’s node', 'apps/node/src/wallet-relay.ts#walletAsk'],
  ['node/wallet-answer', 'what a member answers to that', 'apps/node/src/wallet-relay.ts#walletAnswer'],
  ['node/data-manifest', 'the manifest of a backup', 'apps/node/src/backup/manifest.ts#dataManifest'],
  ['node/key-manifest', 'the manifest of a key backup', 'apps/node/src/backup/manifest.ts#keyManifest'],
]

/** The first byte says which of them reads the rest: rows that a member wrote itself, on a disk that may be broken. */
const groups: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'store/records',
    'rows of the ledger and its journal, from the own disk',
    [
      ...['tipRecord', 'heightRecord', 'blockEvents', 'journaledBlock'].map(
        (name) => `${store}/ledger-records.ts#${name}`,
      ),
      `${store}/ahead-file.ts#fileHead`,
      `${store}/environment.ts#contentMark`,
      ...['journaledWrite', 'sealedValue'].map((name) => `${store}/journal.ts#${name}`),
      'packages/kernel/src/quota.ts#usage',
    ],
  ],
  [
    'exchange/rows',
    'rows of the exchange’s journal, from the own disk',
    [
      ...['visitRow', 'askRow', 'askedRow', 'receivedRow'].map(
        (name) => `packages/exchange/src/requester-rows.ts#${name}`,
      ),
      ...['recordRow', 'patientRow'].map((name) => `packages/exchange/src/custody-rows.ts#${name}`),
      ...['groupRow', 'leafPlace'].map((name) => `packages/exchange/src/statement-groups.ts#${name}`),
      ...['groupPlaceRow', 'flightRow', 'leaves'].map((name) => `packages/exchange/src/batch-rows.ts#${name}`),
      'packages/exchange/src/custodian.ts#requestRow',
      'packages/exchange/src/outbox.ts#row',
      'packages/exchange/src/corrections.ts#row',
      'packages/exchange/src/reviews.ts#row',
      'packages/exchange/src/weigh.ts#fingerprintSchema',
    ],
  ],
  [
    'books/rows',
    'rows of the books of contracts in the exchange’s journal, from the own disk',
    [
      ...['stepRow', 'takenRow'].map((name) => `packages/books/src/books.ts#${name}`),
      ...['orderRow', 'broughtRow', 'about'].map((name) => `packages/books/src/prescriptions/rows.ts#${name}`),
      ...[
        'thingRow',
        'lotRow',
        'keyRow',
        'shipmentRow',
        'scanRow',
        'alertRow',
        'dispensedRow',
        'agreementRow',
        'stepWords',
      ].map((name) => `${booksSupply}/rows.ts#${name}`),
      ...['waitingRow', 'grantRow'].map((name) => `${booksSupply}/licences.ts#${name}`),
    ],
  ],
  [
    'contracts/state',
    'values of the authenticated state, from whoever proves them',
    ['members', 'practitioners', 'notary', 'prescriptions', 'supply', 'rebates', 'releases'].map(
      (name) => `${contracts}/${name}/state.ts#state`,
    ),
  ],
]

export const schemaTargets: readonly Target[] = [
  ...rows.map(
    ([name, reads, at]): Target => ({
      name,
      reads,
      covers: [at],
      async load(seed) {
        const [schema] = await schemasAt(at)
        if (!schema) throw new Error(`${at} is no schema`)
        const chance = new Chance(seed)
        const { decode, encode } = await import('@plexus/codec')
        return {
          shape: 'cbor',
          seeds: [...samples(schema, samplesCount, chance), ...encodedIn('contracts', 'kernel')],
          run: (bytes) => answerOf(decode(schema, bytes), (value) => encode(schema, value)),
        }
      },
    }),
  ),
  ...groups.map(
    ([name, reads, places]): Target => ({
      name,
      reads,
      covers: places,
      async load(seed) {
        const schemas = (await Promise.all(places.map(schemasAt))).flat()
        const chance = new Chance(seed)
        const { concatBytes, decode, encode } = await import('@plexus/codec')
        return {
          shape: 'cbor',
          seeds: schemas.flatMap((schema, at) =>
            samples(schema, samplesOfGroupCount, chance).map((sample) => concatBytes(Uint8Array.of(at), sample)),
          ),
          run(bytes) {
            const [at] = bytes
            const schema = at === undefined ? undefined : schemas[at]
            if (!schema) return refused('no schema of this number')
            const choice = bytes.subarray(0, 1)
            const answer = answerOf(decode(schema, bytes.subarray(1)), (value) =>
              concatBytes(choice, encode(schema, value)),
            )
            return answer.type === 'refused' ? refused(`${at} ${answer.why}`) : answer
          },
        }
      },
    }),
  ),
]

/** The schema of that name, or those of the collections that a contract's state is made of. */
async function schemasAt(at: string): Promise<readonly Schema<unknown>[]> {
  const [file = '', name = ''] = at.split('#')
  const found = await reach<Schema<unknown> | Readonly<Record<string, { readonly value: Schema<unknown> }>>>(file, name)
  return isSchema(found) ? [found] : Object.values(found).map(({ value }) => value)
}

function isSchema(value: unknown): value is Schema<unknown> {
  return typeof (value as Partial<Schema<unknown>>).read === 'function'
}

export function samples(schema: Schema<unknown>, count: number, chance: Chance): readonly Uint8Array[] {
  const found: Uint8Array[] = []
  for (let attempt = 0; attempt < attemptsPerSample * count && found.length < count; attempt++) {
    const sample = sampleOf(schema, chance)
    if (sample) found.push(sample)
  }
  // Without one the loop would hardly get past the first field.
  if (found.length === 0) throw new Error(`no sample of ${schema.says.slice(0, 80)}`)
  return found
}

/** Longer texts in vectors are hashes of keys and whole blocks, which say nothing of a form. */
const vectorBytesMax = 512
const vectorsMax = 64

/** Whatever stands in vectors as hexadecimal and is more than a hash. */
function encodedIn(...folders: readonly string[]): readonly Uint8Array[] {
  const root = new URL('../../vectors/', import.meta.url)
  const texts = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((file) => file.endsWith('.json'))
      .map((file) => readFileSync(new URL(`${folder}/${file}`, root), 'utf8')),
  )
  const found = texts.flatMap((text) => [...text.matchAll(/"((?:[0-9a-f]{2}){33,})"/g)].map(([, hex]) => hex as string))
  return [...new Set(found)]
    .filter((hex) => hex.length <= 2 * vectorBytesMax)
    .slice(0, vectorsMax)
    .map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))
}
