/** What the member's own staff does: asks for charts, reads its own, hands out codes, corrects. One bearer token per member. */
import { viewBytes } from '@plexus/assembly'
import { equalBytes, fromHex, toBase64Url, toHex } from '@plexus/codec'
import { members } from '@plexus/contracts'
import { sha256 } from '@plexus/crypto'
import {
  changesBetween,
  type Exchange,
  type Gathered,
  type GatheredSource,
  type RecordRow,
  viewOfAsk,
} from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import { refusals } from '@plexus/policy'
import { z } from 'zod'
import type { Directory } from '../directory.ts'
import { secretsNamed } from '../layout.ts'
import type { MemberNode } from '../member-node.ts'
import { caseRoutes } from './case-routes.ts'
import {
  chartNumber,
  emergency,
  hexHash,
  hexId,
  npi,
  organisationId,
  purpose,
  recordSource,
  resourceTypes,
} from './fields.ts'
import { type ReadTogether, readTogether } from './own-staff-reads.ts'
import { notInOwnName, notVerified } from './person.ts'
import { type Problem, problem } from './problem.ts'
import { empty, json, memberRoute, type Route } from './route.ts'
import { searchRoutes } from './search-routes.ts'
import { visitRoutes } from './visit-routes.ts'

/** Contents of one own-staff read: what a screen shows at once. */
const contentsMax = 50
const contentBytesMax = 8 * 1024 * 1024

export function staffRoutes({
  directory,
  now,
}: {
  readonly directory: Directory
  readonly now: () => number
}): readonly Route[] {
  const together = readTogether()
  return [
    ...searchRoutes(directory, together),
    ...visitRoutes(directory),
    ...askRoutes(directory, now),
    ...chartRoutes(together),
    ...correctionRoutes(),
    ...caseRoutes(directory),
  ]
}

function askRoutes(directory: Directory, now: () => number): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/visits/:visit/ask',
      id: 'ask',
      summary: 'Asks every custodian that the patient pointed out at a visit',
      tag: 'staff',
      staff: true,
      params: { visit: hexId },
      body: z.strictObject({ npi, purpose, types: resourceTypes, emergency: emergency.optional() }),
      gives: 'The id of the ask. The intents are durable; what they bring is read from the ask.',
      refusals: [
        'clinician-not-you',
        'clinician-unknown',
        'evidence-not-committed',
        'verified-too-long-ago',
        'visit-unknown',
      ],
      async handle(
        { params: { visit }, body: { npi: asking, purpose: why, types, emergency: urgent = null }, person },
        node,
      ) {
        const notFor = notInOwnName(person, asking) ?? (urgent && notVerified(person, now()))
        if (notFor) return notFor
        if ((why === 'ETREAT') !== (urgent !== null))
          return problem('request-not-understood', {
            at: 'body.emergency',
            expected: 'a reason where the purpose is ETREAT, and there alone',
            came: urgent === null ? 'nothing' : 'an object',
          })
        // A seed is made on first use: an ask must not make one for a clinician who was never employed here.
        if (!secretsNamed(node.layout, 'clinician-').includes(`clinician-${asking}`))
          return problem('clinician-unknown')
        const clinician = { npi: asking, seed: node.clinicianSeed(asking) }
        const asked = await node.exchange.run(({ requester }) =>
          requester.ask({ visit: fromHex(visit), clinician, purpose: why, emergency: urgent, types }),
        )
        return asked.ok ? json({ ask: toHex(asked.value) }) : problem(asked.reason.type)
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/asks/:ask',
      id: 'assembledRecord',
      summary: 'The record that an ask has brought so far, assembled, with the state of each source',
      tag: 'staff',
      staff: true,
      params: { ask: hexId },
      gives:
        '`settled` once no source is waited for, which has the code `ledger-stale` while no block comes; the assembled record with its gaps named; what changed since the ask before.',
      refusals: ['ask-unknown'],
      async handle({ params: { ask } }, { exchange, store }) {
        const gathered = exchange.requester.gathered(fromHex(ask))
        await exchange.durable()
        if (!gathered) return problem('ask-unknown')
        const { settled, purpose: why, sources } = gathered
        const record = viewOfAsk(gathered)
        const stale = isStale(store, now())
        const named = sources.map((each) => sourceOf(stale ? onStaleLedger(each) : each, directory))
        return json({ ask, settled, purpose: why, sources: named, record, earlier: earlierOf(exchange, gathered) })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/asks/:ask/view',
      id: 'assembledView',
      summary: 'The assembled record as canonical bytes, by which two views are compared',
      tag: 'staff',
      staff: true,
      params: { ask: hexId },
      gives: 'JSON without white space, members in code unit order; the same on every later day.',
      refusals: ['ask-unknown'],
      async handle({ params: { ask } }, { exchange }) {
        const gathered = exchange.requester.gathered(fromHex(ask))
        await exchange.durable()
        return gathered ? { type: 'json-bytes', bytes: viewBytes(viewOfAsk(gathered)) } : problem('ask-unknown')
      },
    }),
  ]
}

function chartRoutes(together: ReadTogether): readonly Route[] {
  return [
    memberRoute({
      method: 'POST',
      path: '/charts/:patient/enrolment-code',
      id: 'enrolmentCode',
      summary: 'A code for one chart at one custodian, handed to the patient in person after proof of identity',
      tag: 'staff',
      staff: true,
      params: { patient: chartNumber },
      body: z.strictObject({ custodian: organisationId }),
      gives: 'The code; it is good once, for a day.',
      refusals: ['chart-unknown', 'custodian-not-here'],
      async handle({ params: { patient }, body: { custodian } }, node) {
        const refused = noChart(node, custodian, patient)
        if (refused) return refused
        return json({ code: await node.exchange.run(({ door }) => door.issueCode(custodian, patient)) })
      },
    }),
    memberRoute({
      method: 'GET',
      path: '/charts/:patient',
      id: 'chart',
      summary: 'What a chart of the member’s own holds; the receipt of this read is durable before the answer',
      tag: 'staff',
      staff: true,
      params: { patient: chartNumber },
      query: z.strictObject({ custodian: organisationId, npi }),
      gives: 'The current records by name, type, version and segment.',
      refusals: ['chart-unknown', 'clinician-not-you', 'custodian-not-here'],
      async handle({ params: { patient }, query: { custodian, npi: clinician }, person }, node) {
        const notFor = notInOwnName(person, clinician)
        if (notFor) return notFor
        const read = await ownStaffRead(together, node, { custodian, patient, clinician })
        return 'code' in read ? read : json({ custodian, records: read.map(entryOf) })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/charts/:patient/own-staff-read',
      id: 'ownStaffRead',
      summary: 'Reads records of a chart of the member’s own; the receipt of this read is durable before the answer',
      tag: 'staff',
      staff: true,
      params: { patient: chartNumber },
      body: z.strictObject({
        custodian: organisationId,
        npi,
        sources: z
          .array(recordSource, { error: 'a list of resource names' })
          .max(contentsMax, `at most ${contentsMax} resource names`),
      }),
      gives: 'The current records by name, and of those asked for the bytes as received, in base64url.',
      refusals: ['chart-unknown', 'clinician-not-you', 'custodian-not-here', 'record-unknown'],
      async handle({ params: { patient }, body: { custodian, npi: clinician, sources }, person }, node) {
        const notFor = notInOwnName(person, clinician)
        if (notFor) return notFor
        const read = await ownStaffRead(together, node, { custodian, patient, clinician })
        if ('code' in read) return read
        const wanted = sources.map((source) => read.find((row) => row.source === source))
        if (wanted.some((row) => !row)) return problem('record-unknown')
        const rows = wanted.filter((row) => row !== undefined)
        return json({ custodian, records: read.map(entryOf), contents: contentsOf(node, custodian, rows) })
      },
    }),
    memberRoute({
      method: 'POST',
      path: '/charts/:patient/records/:source/entered-in-error',
      id: 'enteredInError',
      summary: 'Marks a record as entered in error, and tells every member that received it',
      tag: 'staff',
      staff: true,
      params: { patient: chartNumber, source: recordSource },
      body: z.strictObject({ custodian: organisationId }),
      gives: 'The members that are told until each has acknowledged.',
      refusals: ['already-in-error', 'record-unknown'],
      async handle({ params: { patient, source }, body: { custodian } }, { exchange }) {
        const marked = await exchange.run(({ corrections }) => corrections.enteredInError(custodian, patient, source))
        return marked.ok ? json({ receivers: marked.value.receivers }) : problem(marked.reason.type)
      },
    }),
  ]
}

function correctionRoutes(): readonly Route[] {
  return [
    memberRoute({
      method: 'GET',
      path: '/corrections',
      id: 'corrections',
      summary: 'Corrections of records that this member has received',
      tag: 'staff',
      staff: true,
      gives: 'Each with the record version that no longer stands, and whether a person here took note.',
      handle: (_, { exchange }) =>
        json({
          corrections: exchange.corrections.list().map(({ record, ...each }) => ({ ...each, record: toHex(record) })),
        }),
    }),
    memberRoute({
      method: 'POST',
      path: '/corrections/:correction/acknowledge',
      id: 'acknowledgeCorrection',
      summary: 'A person took note; the custodian stops repeating the correction',
      tag: 'staff',
      staff: true,
      params: { correction: hexHash },
      media: 'none',
      gives: 'It is durable here, and told.',
      refusals: ['correction-unknown'],
      async handle({ params: { correction } }, { exchange }) {
        const done = await exchange.run(({ corrections }) => corrections.acknowledge(correction))
        return done.ok ? empty : problem(done.reason.type)
      },
    }),
  ]
}

/** Null while a source is waited for, and where the patient was never asked for here before. */
function earlierOf(exchange: Exchange, gathered: Gathered) {
  const before = gathered.settled ? exchange.earlierThan(gathered.ask) : undefined
  return before ? { askedAt: before.askedAt, ...changesBetween(before.gathered, gathered) } : null
}

/** Whether this replica's newest block is so old that no custodian may release on one of that time. */
function isStale(store: MemberNode['store'], now: number): boolean {
  const { blockAgeSecondsMax } = members.queries.policy(viewOf(members, store)).parameters
  return Math.abs(now - (store.tip()?.time ?? 0)) > blockAgeSecondsMax
}

/** A source that is waited for while no block comes: why, and that this is no refusal of the custodian's (45 CFR 171.204(a)(1)). */
function onStaleLedger(source: GatheredSource): GatheredSource {
  const waits = source.state === 'committing' || source.state === 'sent'
  return waits ? { ...source, code: 'ledger-stale', exception: refusals['ledger-stale'].exception } : source
}

function sourceOf({ custodian, state, code, exception, reasons, height, records }: GatheredSource, names: Directory) {
  return { custodian, name: names.nameOf(custodian), state, code, exception, reasons, height, records: records.length }
}

function noChart({ exchange }: MemberNode, custodian: string, patient: string): Problem | null {
  if (!exchange.organisations.has(custodian)) return problem('custodian-not-here')
  const { custody } = exchange
  return custody.patients.get(custody.patientKey(custodian, patient)) ? null : problem('chart-unknown')
}

/** The receipt is written in a turn of its own and durable when it ends: nothing of the chart is known here before. */
async function ownStaffRead(
  together: ReadTogether,
  node: MemberNode,
  of: { readonly custodian: string; readonly patient: string; readonly clinician: string },
): Promise<readonly RecordRow[] | Problem> {
  const refused = noChart(node, of.custodian, of.patient)
  if (refused) return refused
  return (await together(node, of)) ?? problem('chart-unknown')
}

function entryOf({ source, resourceType, version, segment, contentType }: RecordRow) {
  return { source, resourceType, version, segment, contentType }
}

/** In the order asked for. What does not open, or is not what was committed, is named and not shown. */
function contentsOf({ vault }: MemberNode, custodian: string, rows: readonly RecordRow[]) {
  let size = 0
  return rows.map(({ source, record, where, contentType, plaintextHash }) => {
    const opened = vault.open({ record, where, custodian, contentType })
    if (!opened.ok) return { source, state: 'not-opened', code: opened.reason.type, content: null }
    if (!equalBytes(sha256(opened.value), plaintextHash)) return { source, state: 'failed-verification', content: null }
    size += opened.value.length
    if (size > contentBytesMax) return { source, state: 'left-out', content: null }
    return { source, state: 'shown', content: toBase64Url(opened.value) }
  })
}
