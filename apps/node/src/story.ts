/**
 * The story that the demonstration tells, on real charts: what lies scattered is pointed out by the patient's wallet,
 * asked for with evidence, released after request and receipt are committed, verified, assembled, and seen by the
 * patient, who closes the door. Each step checks its own result; a step that is not as it must be ends the story.
 */

import { toHex } from '@plexus/codec'
import type { Gathered } from '@plexus/exchange'
import { viewOfAsk } from '@plexus/exchange'
import { sequencerKeyOf } from '@plexus/kernel'
import type { Directive } from '@plexus/policy'
import { findings, type Look, verifyBundle, type WalletClient, whoLooked } from '@plexus/sdk'
import { tellBottle } from './bottle-story.ts'
import { asker, board, type Demonstration, employClinician } from './demonstration.ts'
import { assembledStep, lookFacts, lookSays } from './story-reports.ts'
import { must, StoryFailed, type StoryParts, stepSecondsMax, Telling } from './telling.ts'

const visitSeconds = 8 * 3600

export interface StoryEnd {
  /** Every step was as it must be. */
  readonly ok: boolean
  readonly ask: string
  readonly npi: string
  readonly visit: string
}

/** Tells the whole story. A step that does not hold is told as such and the rest goes on, unless nothing can follow. */
export async function tellStory(parts: StoryParts): Promise<StoryEnd> {
  const telling = new Telling(parts)
  await telling.begin()
  await enrol(telling)
  const before = telling.custodians.map((custodian) => newestNumber(telling, custodian))
  const first = await request(telling)
  telling.step(assembledStep(parts.demonstration, viewOfAsk(first.gathered)))
  await patientSees(telling, before, first.askedAt)
  await closeTheDoor(telling)
  await refused(telling)
  await verify(telling)
  await tellBottle(telling)
  const { visit, npi } = telling
  return { ok: telling.allHeld, ask: toHex(first.ask), npi, visit: toHex(visit) }
}

async function enrol(telling: Telling): Promise<void> {
  const { parts, client, custodians, npi, visit, clinic } = telling
  const { demonstration, patient, now } = parts
  await employClinician(demonstration, npi, now())
  let enrolled = 0
  for (const custodian of custodians) {
    if (client.knows(custodian)) await openTheDoor(telling, custodian)
    else {
      const node = demonstration.network.node(hostOf(demonstration, custodian))
      const code = await node.exchange.run(({ door }) => door.issueCode(custodian, patient))
      must(await client.enrol(custodian, code, board), `enrolment at ${custodian}`)
      enrolled++
    }
  }
  must(await client.checkIn(asker, visit, custodians, visitSeconds), 'check-in')
  await telling.network.until(
    () => clinic.exchange.requester.visitReady(visit),
    stepSecondsMax,
    'the evidence to be committed',
  )
  await settled(telling)
  must(await client.fetch(), 'fetching the mailbox')
  telling.bundles.length = 0
  telling.step({
    step: 'enrol',
    ok: true,
    says: [
      enrolled > 0
        ? `The patient's wallet enrolled at ${enrolled} custodians with codes that they handed over in person; each knows keys of its own.`
        : `The patient's wallet is enrolled at ${custodians.length} custodians already; it opened the doors that it had closed.`,
      `At ${asker} the wallet co-signed a check-in for each custodian: corroborated evidence, committed before anybody asks.`,
    ],
    facts: {
      custodians,
      enrolled,
      clinician: npi,
      evidence: 'check-in',
      grade: 'corroborated',
      height: clinic.store.tip()?.height,
    },
  })
}

/** A wallet of an earlier telling closed its doors at the end: it signs empty sets again. */
async function openTheDoor({ client }: Telling, custodian: string): Promise<void> {
  must(await client.bringSets(custodian), `bringing sets to ${custodian}`)
  must(await client.fetch(), 'fetching the mailbox')
  await haveSpare(client, custodian)
  if (client.directivesAt(custodian).length === 0) return
  must(await client.changeDirectives(custodian, []), `opening the door at ${custodian}`)
  await haveSpare(client, custodian)
}

/** Opened here, long before the change that will need it. */
async function haveSpare(client: WalletClient, custodian: string): Promise<void> {
  if (!client.hasSpare(custodian)) must(await client.openSpare(custodian), `a spare handle for ${custodian}`)
}

async function request(
  telling: Telling,
): Promise<{ readonly ask: Uint8Array; readonly gathered: Gathered; readonly askedAt: number }> {
  const { now } = telling.parts
  const askedAt = now()
  const { ask: id, gathered } = await ask(telling)
  telling.step({
    step: 'request',
    ok: gathered.sources.length === telling.custodians.length,
    says: [
      `Clinician ${telling.npi} asked ${gathered.sources.length} custodians for treatment: one intent each, committed in one batch; none learns of another.`,
    ],
    facts: { ask: toHex(id), intents: gathered.sources.length, purpose: gathered.purpose },
  })
  const seconds = now() - askedAt
  telling.step({
    step: 'release',
    ok: gathered.sources.every(({ state }) => state === 'complete'),
    says: gathered.sources.map(({ custodian, state, records, height, code }) =>
      state === 'complete'
        ? `${telling.nameOf(custodian)} released the keys of ${records.length} records on the state after block ${height}: request and receipt were committed before.`
        : `${telling.nameOf(custodian)}: ${state} (${code}).`,
    ),
    facts: {
      seconds: rounded(seconds),
      sources: gathered.sources.map(({ custodian, state, code, height, records }) => ({
        custodian,
        state,
        code,
        height,
        records: records.length,
      })),
    },
  })
  return { ask: id, gathered, askedAt }
}

async function patientSees(telling: Telling, before: readonly number[], askedAt: number): Promise<void> {
  const { client, custodians, parts } = telling
  const waitedFrom = parts.now()
  const looks = await looksSince(
    telling,
    before,
    (found) => found.length >= custodians.length && found.every(({ confirmedBy }) => confirmedBy.length === 2),
  )
  const open = findings(client.wallet.state)
  telling.step({
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
      seconds: rounded(parts.now() - askedAt),
      waited: rounded(parts.now() - waitedFrom),
      accesses: looks.map(lookFacts),
      findings: open,
    },
  })
}

async function closeTheDoor(telling: Telling): Promise<void> {
  const { client, custodians, parts } = telling
  const closedAt = parts.now()
  const closings: { custodian: string; height: number }[] = []
  for (const custodian of custodians) {
    const closed = await client.changeDirectives(custodian, [denyTo(asker, Math.floor(parts.now()))])
    if (!closed.ok) throw new StoryFailed(`the directive at ${custodian} was refused: ${closed.reason.type}`)
    closings.push({ custodian, height: closed.value.height })
  }
  telling.step({
    step: 'directive',
    ok: closings.length === custodians.length,
    says: [
      `The patient denied everything to ${asker} and closed ${closings.length} directive heads on the ledger, in blocks ${closings.map(({ height }) => height).join(', ')}.`,
    ],
    facts: { seconds: rounded(parts.now() - closedAt), closings },
  })
}

async function refused(telling: Telling): Promise<void> {
  const before = telling.custodians.map((custodian) => newestNumber(telling, custodian))
  const { gathered } = await ask(telling)
  const shut = gathered.sources.filter(({ state }) => state === 'refused')
  const told = await looksSince(telling, before, (found) => found.length >= telling.custodians.length)
  const shown = told.filter(({ decision }) => decision.type === 'refuse').length
  telling.step({
    step: 'refused',
    ok: shut.length === telling.custodians.length && shown === shut.length,
    says: [
      ...gathered.sources.map(
        ({ custodian, code, exception, state }) =>
          `${telling.nameOf(custodian)}: ${state}, ${code}${exception ? ` (45 CFR ${exception})` : ''}.`,
      ),
      `The patient's wallet shows ${shown} refusals.`,
    ],
    facts: {
      shown,
      sources: gathered.sources.map(({ custodian, state, code, exception }) => ({ custodian, state, code, exception })),
    },
  })
  await settled(telling)
}

async function verify(telling: Telling): Promise<void> {
  const { network, bundles, clinic } = telling
  const verified = await Promise.all(
    bundles.map(async (bundle) => {
      const trust = await telling.believe(bundle)
      return trust.ok ? verifyBundle(network.chain, bundle, trust.value) : trust
    }),
  )
  const hashes = new Set(
    [...network.nodes.values()].map(({ store }) => toHex(store.tip()?.appHash ?? new Uint8Array(0))),
  )
  const proof = verified.find((each) => each.ok)
  telling.step({
    step: 'verify',
    ok: verified.length > 0 && verified.every((each) => each.ok) && hashes.size === 1,
    says: [
      `${verified.length} receipt bundles were checked, from the genesis document alone${sequencerKeyOf(network.chain) ? '' : ', with the votes of validators'}.`,
      ...(proof?.ok ? proof.value.proven.map((each) => `Proven: ${each}`) : []),
      ...(proof?.ok ? proof.value.notProven.map((each) => `Not proven: ${each}`) : []),
      `All ${network.nodes.size} members' replicas agree at height ${clinic.store.tip()?.height}.`,
    ],
    facts: {
      bundles: verified.length,
      height: clinic.store.tip()?.height,
      appHash: [...hashes].join(' '),
      engine: network.chain.genesis.engine.type,
      orderedBy: sequencerKeyOf(network.chain) ? 'one key' : 'votes of validators',
    },
  })
}

async function ask({
  clinic,
  network,
  visit,
  npi,
}: Telling): Promise<{ readonly ask: Uint8Array; readonly gathered: Gathered }> {
  const seed = clinic.clinicianSeed(npi)
  const asked = await clinic.exchange.run(({ requester }) =>
    requester.ask({ visit, clinician: { npi, seed }, purpose: 'TREAT', emergency: null, types: [] }),
  )
  if (!asked.ok) throw new StoryFailed(`the request was refused: ${asked.reason.type}`)
  await network.until(() => clinic.exchange.requester.settled(asked.value), stepSecondsMax, 'every custodian to answer')
  const gathered = clinic.exchange.requester.gathered(asked.value)
  if (!gathered) throw new StoryFailed('the ask is not in the journal')
  return { ask: asked.value, gathered }
}

/** Looks with numbers above those that each custodian's chain had before. */
async function looksSince(
  telling: Telling,
  before: readonly number[],
  ready: (looks: readonly Look[]) => boolean,
): Promise<readonly Look[]> {
  const { client, custodians, parts } = telling
  const end = parts.now() + stepSecondsMax
  for (;;) {
    must(await client.fetch(), 'fetching the mailbox')
    const looks = whoLooked(client.wallet.state).filter(
      ({ custodian, number }) => number > (before[custodians.indexOf(custodian)] ?? Number.POSITIVE_INFINITY),
    )
    if (ready(looks)) return looks
    if (parts.now() > end) throw new StoryFailed('the patient did not see every access')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function newestNumber({ client }: Telling, custodian: string): number {
  return Math.max(
    0,
    ...whoLooked(client.wallet.state)
      .filter((look) => look.custodian === custodian)
      .map(({ number }) => number),
  )
}

/** Nothing waits any more: what was written is committed, told and acknowledged. */
async function settled({ network }: Telling): Promise<void> {
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

export function denyTo(organisation: string, from: number): Directive {
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

const rounded = (seconds: number): number => Number(seconds.toFixed(3))
