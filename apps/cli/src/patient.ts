/** What a patient does from a terminal with a wallet file: looks who looked, changes directives, exports proofs. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import type { Directive } from '@plexus/policy'
import {
  closeHandleBody,
  encodeKeptBlocks,
  findings,
  isPending,
  keptList,
  type Look,
  relationshipWith,
  takeClosing,
  type WalletClient,
  whoLooked,
} from '@plexus/sdk'
import type { NodeDoor } from './node-door.ts'
import { type OpenedWallet, openWallet, refusedStep, type WalletOptions } from './open-wallet.ts'
import { plain, Refused, type Screen, when } from './screen.ts'
import { votesFile } from './verify-bundle.ts'

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

export async function showWhoLooked(
  door: NodeDoor,
  options: WalletOptions & { readonly offline: boolean },
  screen: Screen,
): Promise<void> {
  const { client } = await openWallet(door, options, screen)
  if (!options.offline) {
    const fetched = await client.fetch()
    if (!fetched.ok) throw refusedStep(fetched.reason.type, 'The mailbox was not fetched')
    // The best time for a spare is one that has nothing to do with a change of directives.
    for (const custodian of client.custodians) if (!client.hasSpare(custodian)) await client.openSpare(custodian)
  }
  const looks = whoLooked(client.wallet.state)
  for (const look of looks) {
    screen.give({
      type: 'look',
      ...look,
      checkIns: look.checkIns.map(({ visit, madeAt }) => ({ visit: toHex(visit), madeAt })),
    })
    for (const line of lookLines(look)) screen.say(line)
  }
  if (looks.length === 0) screen.say('Nobody looked, as far as any custodian has told.')
  const found = findings(client.wallet.state)
  for (const finding of found) {
    const { type, custodian, ...facts } = finding
    screen.give({ type: 'finding', finding: type, custodian, ...facts })
    screen.say(`! ${custodian}: ${type} ${JSON.stringify(facts)}`)
  }
  screen.give({ type: 'end', looks: looks.length, findings: found.length })
  if (found.length === 0) screen.say('No gap, no fork and no stale head in any receipt chain.')
}

function lookLines(look: Look): readonly string[] {
  const { custodian, number, requester, clinician, purpose, madeAt, height, decision, voided, confirmedBy } = look
  const who = `${requester ?? 'not shown'}${clinician === null ? '' : `, clinician ${clinician}`}`
  const why = decision.type === 'own-staff' ? 'own staff' : (purpose ?? 'purpose not shown')
  const code =
    decision.type === 'refuse' || decision.type === 'void'
      ? ` (${decision.code})`
      : decision.type === 'part'
        ? ` (${decision.reasons.join(', ')})`
        : ''
  return [
    `${when(madeAt)}  ${who} at ${custodian}, for ${why}: ${decision.type}${code}${voided ? ', voided later' : ''}`,
    `    evidence: ${evidenceOf(look)}; receipt ${number}, block ${height}; told by ${confirmedBy.join(' and ') || 'nobody'}; ${
      look.verified ? 'verified by this wallet' : `NOT VERIFIED (${look.failures.join(', ')})`
    }`,
  ]
}

function evidenceOf({ decision, checkIns, emergency, otherEvidence, grade }: Look): string {
  if (decision.type === 'own-staff') return 'none is needed for own staff'
  const pieces = [
    ...checkIns.map(({ visit }) => `your check-in at visit ${toHex(visit).slice(0, 8)}`),
    ...(emergency
      ? [`emergency: ${emergency.reason}${emergency.words === '' ? '' : ` (${plain(emergency.words)})`}`]
      : []),
    ...(otherEvidence > 0 ? [`${otherEvidence} that this wallet did not make`] : []),
  ]
  return `${pieces.join(', ') || 'not shown'}${grade === null ? '' : `, ${grade}`}`
}

export async function changeDirective(
  door: NodeDoor,
  options: WalletOptions & { readonly custodian: string; readonly directives: readonly Directive[] },
  screen: Screen,
): Promise<void> {
  const { custodian, directives } = options
  const opened = await openWallet(door, options, screen)
  const { client, keep } = opened
  if (!client.knows(custodian))
    throw new Refused(
      'not-enrolled',
      `This wallet is not enrolled at ${custodian}.`,
      `It knows ${client.custodians.join(', ') || 'no custodian'}.`,
    )
  await finishPending(opened, custodian)
  if (!client.hasSpare(custodian)) {
    const spare = await client.openSpare(custodian)
    if (!spare.ok) throw refusedStep(spare.reason.type, 'No handle was opened for the change')
  }
  const changed = await client.changeDirectives(custodian, directives)
  if (!changed.ok) throw refusedStep(changed.reason.type, 'The change was not closed on the ledger')
  const { height } = changed.value
  const version = relationshipWith(client.wallet.state, custodian)?.latest ?? 0
  noteClosing(client, custodian, version - 1, height)
  keep()
  screen.give({ type: 'directive', custodian, version, height, directives: directives.length })
  screen.say(
    `Set ${version} at ${custodian} holds ${directives.length} directives. The head before it was closed in block ${height}:`,
  )
  screen.say('  from the moment the custodian has that block, nothing is released under the old set.')
}

/** A change that was cut off before: its closing is asked for again, and its set brought again. */
async function finishPending({ client, port, keep }: OpenedWallet, custodian: string): Promise<void> {
  const fetched = await client.fetch()
  if (!fetched.ok) throw refusedStep(fetched.reason.type, 'The mailbox was not fetched')
  const known = relationshipWith(client.wallet.state, custodian)
  if (!known || !isPending(known)) return
  const { member, key } = await port.sponsor()
  const version = known.latest - 1
  const frame = { sponsor: member, sponsorKey: key, nonce: random(16), validUntil: Math.floor(port.now()) + 300 }
  const closing = closeHandleBody(client.wallet, { ...frame, custodian, version })
  if (!closing.ok) throw refusedStep(closing.reason.type, 'The change before this one cannot be closed')
  const closed = await port.submit(closing.value.body, [closing.value.share])
  if (!closed.ok && closed.reason.type !== 'handle-closed')
    throw refusedStep(closed.reason.type, 'The change before this one was not closed')
  // Where it was closed before, the tip is at or above that height: the wallet then claims no more than it knows.
  if (closed.ok) noteClosing(client, custodian, version, closed.value.height)
  keep()
  const brought = await client.bringSets(custodian)
  if (!brought.ok) throw refusedStep(brought.reason.type, 'The set before this one was not taken')
  await client.fetch()
}

function noteClosing(client: WalletClient, custodian: string, version: number, height: number): void {
  const noted = takeClosing(client.wallet, { custodian, version, height })
  if (noted.ok) client.wallet = noted.value
}

/** Writes every receipt bundle that the mailbox holds, for whoever is to check an access off-line. */
export async function exportBundles(
  door: NodeDoor,
  options: WalletOptions & { readonly out: string },
  screen: Screen,
): Promise<void> {
  mkdirSync(options.out, { recursive: true, mode: 0o700 })
  let count = 0
  const { client, kept } = await openWallet(door, options, screen, (custodian, notice) => {
    if (notice.type !== 'access') return
    const path = join(options.out, `${custodian}-${String(++count).padStart(5, '0')}-by-${notice.from}.bundle`)
    writeFileSync(path, notice.bundle, { mode: 0o600 })
    screen.give({ type: 'bundle', custodian, from: notice.from, path })
    screen.say(path)
  })
  const genesis = join(options.out, 'genesis.cbor')
  writeFileSync(genesis, client.wallet.chain.bytes)
  const fetched = await client.fetch()
  if (!fetched.ok) throw refusedStep(fetched.reason.type, 'The mailbox was not fetched')
  const { chain } = client.wallet
  // Without them a bundle of CometBFT is checked only where a node answers.
  if (kept.size > 0)
    writeFileSync(
      join(options.out, votesFile),
      encodeKeptBlocks({ type: 'votes', chain: chain.id, blocks: keptList(kept) }),
    )
  screen.give({ type: 'end', bundles: count, genesis })
  screen.say(`${count} bundles. Check one with: plexus verify BUNDLE --genesis ${genesis}`)
}

export interface DirectiveFlags {
  readonly deny?: string
  readonly denyType?: readonly string[]
  readonly permit?: string
  readonly permitType?: readonly string[]
  readonly to?: readonly string[]
}

/** The set that the flags say: each scope for each grantee, from now on and for all purposes. Null when a flag is not understood. */
export function directivesOf(flags: DirectiveFlags, from: number): readonly Directive[] | null {
  const scopes = (['deny', 'permit'] as const).flatMap((effect) => {
    const whole = effect === 'deny' ? flags.deny : flags.permit
    const types = effect === 'deny' ? flags.denyType : flags.permitType
    return [
      ...(whole === undefined
        ? []
        : [{ effect, scope: whole === 'everything' ? { type: 'everything' as const } : null }]),
      ...(types ?? []).map((resourceType) => ({
        effect,
        scope: /^[A-Z][A-Za-z]{1,39}$/.test(resourceType) ? { type: 'type' as const, resourceType } : null,
      })),
    ]
  })
  const grantees = (flags.to ?? ['anyone']).map(granteeOf)
  const made: Directive[] = []
  for (const { effect, scope } of scopes)
    for (const grantee of grantees) {
      if (!scope || !grantee) return null
      made.push({ effect, grantee, scope, purposes: [], from, until: null })
    }
  return made
}

function granteeOf(to: string): Directive['grantee'] | null {
  if (to === 'anyone') return { type: 'anyone' }
  if (/^[12]\d{9}$/.test(to)) return { type: 'practitioner', npi: to }
  return /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/.test(to) ? { type: 'organisation', id: to } : null
}
