/** Two blocks of one height that both have their votes: the alarm, and the file that shows it to everybody. */
import { toHex } from '@plexus/codec'
import type { Chain } from '@plexus/kernel'
import {
  type BeliefRefusal,
  checkForkEvidence,
  encodeKeptBlocks,
  type ForkEvidence,
  gatherForkEvidence,
  type HttpDoor,
  lightAnswers,
} from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import { Refused, type Screen, when } from './screen.ts'

const advice = (file: string): string =>
  `Keep ${file}, believe neither block, and hand it to every member: docs/guides/verify.md, "A fork", says what to do.`

/** What the command ends with: where the two do hold once more, with the evidence in a file of this folder. */
export async function forkRefused(
  alarm: Extract<BeliefRefusal, { readonly type: 'fork' }>,
  parts: {
    readonly chain: Chain
    readonly door: HttpDoor
    readonly primary: string
    readonly witnesses: readonly string[]
    readonly checkpoint: ForkEvidence['checkpoint']
  },
): Promise<Refused> {
  const { height } = alarm.primary.header
  const { chain, door, primary, witnesses, checkpoint } = parts
  const witness = witnesses[alarm.witnessIndex] ?? ''
  const what = `ALARM: ${primary} and ${witness} show different blocks ${height}, each with the votes of its validators.`
  const evidence = await gatherForkEvidence({
    chain,
    height,
    seenAt: Math.floor(Date.now() / 1000),
    checkpoint,
    primary: lightAnswers(door, primary),
    witness: lightAnswers(door, witness),
  })
  if (!evidence) return new Refused('fork', what, 'They do not show it any more: ask both what happened there.')
  const file = `plexus-fork-${height}.evidence`
  writeDurably(file, encodeKeptBlocks(evidence), 0o644)
  return new Refused('fork', what, advice(file))
}

/** A file of evidence, held against the genesis document. It ends well when it does prove a fork. */
export async function verifyFork(chain: Chain, evidence: ForkEvidence, path: string, screen: Screen): Promise<void> {
  const checked = await checkForkEvidence(chain, evidence)
  if (!checked.ok) {
    screen.give({ type: 'fork', ok: false, refusal: checked.reason.type })
    throw new Refused(
      checked.reason.type,
      checked.reason.type === 'other-chain'
        ? `${path} is about another chain.`
        : `${path} shows no fork: followed again, it ends in ${checked.reason.why}.`,
      'It proves nothing as it is: ask whoever gave it for what they saw.',
    )
  }
  const { height, hashes, votedForBoth, power, powerOfAll } = checked.value
  const { seenAt, checkpoint } = evidence
  const names = hashes.map((hash) => toHex(hash))
  const keys = votedForBoth.map(({ key }) => toHex(key))
  const shares = { power: String(power), powerOfAll: String(powerOfAll) }
  screen.give({ type: 'fork', ok: true, height, hashes: names, votedForBoth: keys, ...shares, seenAt, checkpoint })
  screen.say(`A FORK at block ${height}, seen ${when(seenAt)}: ${names.join(' and ')}.`)
  screen.say(
    `  Proven: both have the votes of their validators, followed from ${checkpoint ? 'the checkpoint' : 'genesis'}.`,
  )
  screen.say(`  Proven: ${keys.length} validators with ${power} of ${powerOfAll} of the power signed both:`)
  for (const key of keys) screen.say(`    ${key}`)
  screen.say('  Not proven: which of the two the honest members have, and why the others signed both.')
  if (checkpoint) screen.say(`  Not proven: that block ${checkpoint.height} was ever the network's: compare its hash.`)
}
