/**
 * The story that the demonstration tells, on real charts: what lies scattered is pointed out by the patient's wallet,
 * asked for with evidence, released after request and receipt are committed, verified, assembled, and seen by the
 * patient, who closes the door. Each step checks its own result; a step that is not as it must be ends the story.
 */

import type { AssembledRecord } from '@plexus/assembly'
import { toHex } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import type { Gathered } from '@plexus/exchange'
import { viewOfAsk } from '@plexus/exchange'
import type { Directive } from '@plexus/policy'
import { createWallet, findings, type Look, verifyBundle, WalletClient, whoLooked } from '@plexus/sdk'
import { asker, board, type Demonstration, employClinician, mintNpi } from './demonstration.ts'
import type { ImportReport } from './import.ts'
import { walletPort } from './wallet-port.ts'

/** What one step found: printed for people, or as one JSON object a line. */
export interface StepReport {
  readonly step:
    | 'assemble'
    | 'directive'
    | 'enrol'
    | 'import'
    | 'network'
    | 'patient-sees'
    | 'refused'
    | 'release'
    | 'request'
    | 'verify'
  readonly ok: boolean
  /** Sentences for people. */
  readonly says: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
}

export class StoryFailed extends Error {
  override readonly name = 'StoryFailed'
}

export interface StoryParts {
  readonly demonstration: Demonstration
  readonly patient: string
  readonly random: RandomBytes
  readonly now: () => number
  readonly tell: (report: StepReport) => void
  readonly keepWallet: (client: WalletClient) => void
}

/** A step that takes longer than this has failed; on a quiet machine each takes well under a second. */
const stepSecondsMax = 60
const visitSeconds = 8 * 3600

export interface StoryEnd {
  readonly ask: string
  readonly npi: string
  readonly visit: string
  readonly record: AssembledRecord
  readonly client: WalletClient
}

export async function tellStory(parts: StoryParts): Promise<StoryEnd> {
  const { demonstration, patient, random, now, tell } = parts
  const { network, directory } = demonstration
  const custodians = directory.custodiansOf(patient)
  const bundles: { readonly custodian: string; readonly bundle: Uint8Array }[] = []
  const client = new WalletClient({
    wallet: createWallet({ chain: network.chain, root: random(32), random }),
    port: walletPort(network, board, now),
    heard: (custodian, notice) => {
      if (notice.type === 'access') bundles.push({ custodian, bundle: notice.bundle })
    },
  })
  const clinic = network.node(asker)

  const npi = mintNpi(random)
  await employClinician(demonstration, npi, now())
  for (const custodian of custodians) {
    const node = network.node(hostOf(demonstration, custodian))
    const code = await node.exchange.run(({ door }) => door.issueCode(custodian, patient))
    must(await client.enrol(custodian, code, board), `enrolment at ${custodian}`)
  }
  const visit = random(16)
  must(await client.checkIn(asker, visit, custodians, visitSeconds), 'check-in')
  await network.until(() => clinic.exchange.requester.visitReady(visit), stepSecondsMax, 'the evidence to be committed')
  await settled(parts)
  tell({
    step: 'enrol',
    ok: true,
    says: [
      `The patient's wallet enrolled at ${custodians.length} custodians with codes that they handed over in person; each knows keys of its own.`,
      `At ${asker} the wallet co-signed a check-in for each custodian: corroborated evidence, committed before anybody asks.`,
    ],
    facts: {
      custodians,
      clinician: npi,
      evidence: 'check-in',
      grade: 'corroborated',
      height: clinic.store.tip()?.height,
    },
  })

  const askedAt = now()
  const first = await ask(parts, visit, npi)
  const gathered = first.gathered
  tell({
    step: 'request',
    ok: gathered.sources.length === custodians.length,
    says: [
      `Clinician ${npi} asked ${gathered.sources.length} custodians for treatment: one intent each, committed in one batch; none learns of another.`,
    ],
    facts: { ask: toHex(first.ask), intents: gathered.sources.length, purpose: gathered.purpose },
  })
  const released = gathered.sources.filter(({ state }) => state === 'complete')
  const seconds = now() - askedAt
  tell({
    step: 'release',
    ok: released.length === gathered.sources.length,
    says: gathered.sources.map(({ custodian, state, records, height, code }) =>
      state === 'complete'
        ? `${directory.nameOf(custodian)} (${custodian}) released ${records.length} records after block ${height}.`
        : `${directory.nameOf(custodian)} (${custodian}): ${state} (${code}).`,
    ),
    facts: {
      seconds: Number(seconds.toFixed(3)),
      sources: gathered.sources.map(({ custodian, state, code, height, records }) => ({
        custodian,
        state,
        code,
        height,
        records: records.length,
      })),
    },
  })
  check(released.length === gathered.sources.length, 'not every custodian released')

  const record = viewOfAsk(gathered)
  tell(assembled(demonstration, record))
  check(record.entries > 0, 'the assembled record is empty')

  const sawAt = now()
  const looks = await patientSees(
    parts,
    client,
    custodians,
    (found) => found.length >= custodians.length && found.every(({ confirmedBy }) => confirmedBy.length === 2),
  )
  const open = findings(client.wallet.state)
  tell({
    step: 'patient-sees',
    ok: open.length === 0 && looks.every(({ verified }) => verified),
    says: [
      ...looks.map(
        (look) => `${lookSays(look)} Told by ${look.confirmedBy.join(' and ')}; checked by the wallet itself.`,
      ),
      open.length === 0
        ? 'No gap, no fork, no stale head in any receipt chain.'
        : `${open.length} things do not fit together.`,
    ],
    facts: {
      seconds: Number((now() - askedAt).toFixed(3)),
      waited: Number((now() - sawAt).toFixed(3)),
      accesses: looks.map(lookFacts),
      findings: open,
    },
  })
  check(open.length === 0, 'the wallet found something that does not fit')

  const closedAt = now()
  const closings: { custodian: string; height: number }[] = []
  for (const custodian of custodians) {
    const closed = await client.changeDirectives(custodian, [denyTo(asker, Math.floor(now()))])
    if (!closed.ok) throw new StoryFailed(`the directive at ${custodian} was refused: ${closed.reason.type}`)
    closings.push({ custodian, height: closed.value.height })
  }
  tell({
    step: 'directive',
    ok: true,
    says: [
      `The patient denied everything to ${asker} and closed ${closings.length} directive heads on the ledger, in blocks ${closings.map(({ height }) => height).join(', ')}.`,
    ],
    facts: { seconds: Number((now() - closedAt).toFixed(3)), closings },
  })

  const second = await ask(parts, visit, npi)
  const refused = second.gathered.sources.filter(({ state }) => state === 'refused')
  const refusalsTold = await patientSees(parts, client, custodians, (found) => found.length >= 2 * custodians.length)
  tell({
    step: 'refused',
    ok: refused.length === custodians.length,
    says: [
      ...second.gathered.sources.map(
        ({ custodian, code, exception, state }) =>
          `${directory.nameOf(custodian)} (${custodian}): ${state}, ${code}${exception ? ` (45 CFR ${exception})` : ''}.`,
      ),
      `The patient's wallet shows the refusals too: ${refusalsTold.filter(({ decision }) => decision.type === 'refuse').length}.`,
    ],
    facts: {
      sources: second.gathered.sources.map(({ custodian, state, code, exception }) => ({
        custodian,
        state,
        code,
        exception,
      })),
    },
  })
  check(refused.length === custodians.length, 'a custodian released under a closed door')
  await settled(parts)

  const verified = bundles.map(({ bundle }) => verifyBundle(network.chain, bundle))
  const heights = new Set(
    [...network.nodes.values()].map(({ store }) => toHex(store.tip()?.appHash ?? new Uint8Array(0))),
  )
  const proof = verified.find((each) => each.ok)
  tell({
    step: 'verify',
    ok: verified.every((each) => each.ok) && heights.size === 1,
    says: [
      `${verified.length} receipt bundles were checked off-line, from the genesis document alone.`,
      ...(proof?.ok ? proof.value.proven.map((each) => `Proven: ${each}`) : []),
      ...(proof?.ok ? proof.value.notProven.map((each) => `Not proven: ${each}`) : []),
      `All ${network.nodes.size} members' replicas agree at height ${clinic.store.tip()?.height}.`,
      'On the embedded engine one key orders the blocks, which proves nothing against its owner.',
    ],
    facts: {
      bundles: verified.length,
      height: clinic.store.tip()?.height,
      appHash: [...heights][0],
      engine: 'local',
      orderedBy: 'one key',
    },
  })
  check(verified.every((each) => each.ok) && verified.length > 0, 'a receipt bundle did not verify')
  check(heights.size === 1, 'the replicas disagree')
  parts.keepWallet(client)
  return { ask: toHex(first.ask), npi, visit: toHex(visit), record, client }
}

export function importStep(report: ImportReport, { directory }: Demonstration, seconds: number): StepReport {
  const custodians = [...report.custodians].map(([custodian, types]) => ({
    custodian,
    types: Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1))),
  }))
  return {
    step: 'import',
    ok: report.read === report.stored + report.unchanged + report.refusedCount,
    says: [
      `${report.read} resources of ${report.patients.size} patients read, ${report.stored} sealed, ${report.unchanged} already there, ${report.refusedCount} refused, in ${seconds.toFixed(1)} s.`,
      `They lie at ${custodians.length} custodians${custodians.length <= 8 ? `: ${custodians.map(({ custodian }) => directory.nameOf(custodian)).join(', ')}` : ''}.`,
    ],
    facts: {
      read: report.read,
      stored: report.stored + report.unchanged,
      unchanged: report.unchanged,
      refused: report.refused,
      refusedCount: report.refusedCount,
      warnings: report.warnings,
      patients: report.patients.size,
      custodians,
      seconds: Number(seconds.toFixed(3)),
    },
  }
}

function assembled({ directory }: Demonstration, record: AssembledRecord): StepReport {
  const therapy = record.conflicts.filter(({ kind }) => kind === 'therapy')
  const sources = record.sources.map(({ custodian, state, count, types }) => ({
    custodian,
    name: directory.nameOf(custodian),
    state: state.type,
    count,
    types,
  }))
  const lineOf = (key: string) => record.lines.find((line) => line.key === key)?.display ?? key
  return {
    step: 'assemble',
    ok: record.sources.every(({ state }) => state.type === 'complete' || state.type === 'part'),
    says: [
      `One record of ${record.entries} entries in ${record.lines.length} lines; ${record.linked} entries are linked into lines with others; ${record.conflicts.length} conflicts are shown.`,
      ...record.sources.map(
        ({ custodian, state, count }) => `${directory.nameOf(custodian)}: ${state.type}, ${count} entries.`,
      ),
      ...therapy.map(({ lines }) => `Therapy conflict: ${lines.map(lineOf).join(' / ')}.`),
      ...record.gaps.map((gap) =>
        gap.type === 'source'
          ? `Gap: ${gap.custodian} ${gap.state}.`
          : `Gap: no source says anything about ${gap.kind}.`,
      ),
    ],
    facts: {
      sources,
      entries: record.entries,
      linked: record.linked,
      conflicts: record.conflicts.map(({ kind, lines, why }) => ({ kind, lines: lines.map(lineOf), why })),
      gaps: record.gaps,
      lines: record.lines.length,
      height: record.height,
      medications: record.lines
        .filter(({ kind }) => kind === 'medications')
        .map(({ codes, display, status, sources: from }) => ({ codes, display, status, sources: from.length })),
    },
  }
}

async function ask(
  { demonstration }: StoryParts,
  visit: Uint8Array,
  npi: string,
): Promise<{ readonly ask: Uint8Array; readonly gathered: Gathered }> {
  const { network } = demonstration
  const node = network.node(asker)
  const seed = node.clinicianSeed(npi)
  const asked = await node.exchange.run(({ requester }) =>
    requester.ask({ visit, clinician: { npi, seed }, purpose: 'TREAT', types: [] }),
  )
  if (!asked.ok) throw new StoryFailed(`the request was refused: ${asked.reason.type}`)
  const gathered = (): Gathered => {
    const found = node.exchange.requester.gathered(asked.value)
    if (!found) throw new StoryFailed('the ask is not in the journal')
    return found
  }
  await network.until(() => node.exchange.requester.settled(asked.value), stepSecondsMax, 'every custodian to answer')
  return { ask: asked.value, gathered: gathered() }
}

async function patientSees(
  { now }: StoryParts,
  client: WalletClient,
  custodians: readonly string[],
  ready: (looks: readonly Look[]) => boolean,
): Promise<readonly Look[]> {
  const end = now() + stepSecondsMax
  for (;;) {
    must(await client.fetch(), 'fetching the mailbox')
    const looks = whoLooked(client.wallet.state).filter(({ custodian }) => custodians.includes(custodian))
    if (ready(looks)) return looks
    if (now() > end) throw new StoryFailed('the patient did not see every access')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Nothing waits any more: what was written is committed, told and acknowledged. */
async function settled({ demonstration: { network } }: StoryParts): Promise<void> {
  await network.until(
    () => [...network.nodes.values()].every(({ exchange }) => exchange.idle),
    stepSecondsMax,
    'the outboxes to empty',
  )
  const top = Math.max(...[...network.nodes.values()].map(({ store }) => store.tip()?.height ?? 0))
  await network.until(
    () => [...network.nodes.values()].every(({ store }) => (store.tip()?.height ?? 0) >= top),
    stepSecondsMax,
    'the replicas to agree',
  )
}

function denyTo(organisation: string, from: number): Directive {
  return {
    effect: 'deny',
    grantee: { type: 'organisation', id: organisation },
    scope: { type: 'everything' },
    purposes: [],
    from,
    until: null,
  }
}

function hostOf({ directory }: Demonstration, custodian: string): string {
  const known = directory.byId(custodian)
  if (!known) throw new StoryFailed(`no custodian ${custodian} is known`)
  return known.member
}

function lookSays({ requester, clinician, custodian, purpose, grade, decision }: Look): string {
  return `${requester ?? 'somebody'}, clinician ${clinician ?? 'unknown'}, asked ${custodian} for ${purpose ?? 'an unknown purpose'} on ${grade ?? 'no'} evidence: ${decision.type}.`
}

function lookFacts({
  custodian,
  number,
  requester,
  clinician,
  purpose,
  madeAt,
  height,
  grade,
  decision,
  confirmedBy,
  verified,
}: Look) {
  return {
    custodian,
    number,
    requester,
    clinician,
    purpose,
    madeAt,
    height,
    evidence: 'check-in',
    grade,
    decision: decision.type,
    confirmedBy,
    verified,
  }
}

function must(result: { readonly ok: boolean; readonly reason?: { readonly type: string } }, what: string): void {
  if (!result.ok) throw new StoryFailed(`${what} was refused: ${result.reason?.type ?? 'no reason'}`)
}

function check(held: boolean, otherwise: string): asserts held {
  if (!held) throw new StoryFailed(otherwise)
}
