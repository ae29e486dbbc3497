/** One access from its receipt bundle; on CometBFT down to the votes of validators, which a node shows or a file has. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseHex, toHex } from '@plexus/codec'
import { type Chain, sequencerKeyOf } from '@plexus/kernel'
import {
  beginFrom,
  beliefIn,
  decodeKeptBlocks,
  encodeKeptBlocks,
  engineKey,
  type ForkEvidence,
  type HeaderTrust,
  keepingSource,
  keptList,
  keptMap,
  keptSource,
  type LightBlockAnswers,
  type LightSources,
  lightAnswers,
  readingSource,
  verifyBundle,
  votersOf,
  witnessesMax,
} from '@plexus/sdk'
import { writeDurably } from '@plexus/store'
import { forkRefused, verifyFork } from './fork-alarm.ts'
import { NodeDoor } from './node-door.ts'
import { Refused, type Screen, when } from './screen.ts'
import { readBytes } from './wallet-file.ts'

export interface VoteFlags {
  /** Nodes that show votes; the members behind all but the first are witnesses. */
  readonly node?: readonly string[]
  /** A file of votes: read without a node, written with one. */
  readonly votes?: string
  /** `HEIGHT:HASH` that somebody vouches for. */
  readonly checkpoint?: string
}

/** What `plexus bundle` writes beside the bundles. */
export const votesFile = 'votes.cbor'

interface VotesOfBlock {
  readonly height: number
  readonly hash: string
  readonly voted: number
  readonly validators: number
  readonly power: string
  readonly powerOfAll: string
}

interface Believed {
  readonly trust: HeaderTrust
  readonly votesAt: (height: number) => Promise<VotesOfBlock | undefined>
  /** Where the votes come from, and who else shows the same; for people. */
  readonly proven: readonly string[]
  readonly notProven: readonly string[]
}

/** Who was asked, if anybody, and what they answered. */
interface Asked {
  readonly sources: LightSources
  readonly kept: Map<number, LightBlockAnswers>
  readonly members: readonly string[]
  readonly door: NodeDoor | null
}

/** A bundle, or evidence of a fork: the file itself says which. */
export async function verifyFile(path: string, chain: Chain, flags: VoteFlags, screen: Screen): Promise<void> {
  const bytes = readBytes(path, 'bundle')
  const kept = decodeKeptBlocks(bytes)
  if (kept.ok && kept.value.type === 'fork') return verifyFork(chain, kept.value, path, screen)
  const { trust, votesAt, ...said } = await believe(path, bytes, chain, flags)
  const checked = verifyBundle(chain, bytes, trust)
  const chainId = toHex(chain.id)
  if (!checked.ok) {
    const { type, part, says } = checked.reason
    screen.give({ type: 'bundle', ok: false, chain: chainId, refusal: type, part, says })
    throw new Refused(type, says, 'The bundle proves nothing as it is: ask whoever gave it for the whole one.')
  }
  const { receipt, receiptHash, receiptHeight, receiptTime, intent, intentHeight, note } = checked.value
  const heights = intentHeight === null ? [receiptHeight] : [intentHeight, receiptHeight]
  const votes = (await Promise.all(heights.map(votesAt))).filter((each) => each !== undefined)
  const proven = [...checked.value.proven, ...votes.map(sayVotes), ...said.proven]
  const notProven = [...checked.value.notProven, ...said.notProven]
  screen.give({
    type: 'bundle',
    ok: true,
    chain: chainId,
    custodian: receipt.custodian,
    requester: intent?.requester ?? null,
    clinician: intent?.clinician.npi ?? null,
    purpose: intent?.purpose ?? null,
    decision: receipt.decision,
    number: receipt.number,
    receipt: toHex(receiptHash),
    receiptHeight,
    intentHeight,
    decidedAt: note?.height ?? null,
    votes,
    proven,
    notProven,
  })
  screen.say(
    `Receipt ${receipt.number} of ${receipt.custodian}: ${receipt.decision.type}, block ${receiptHeight}, ${when(receiptTime)}.`,
  )
  if (intent) screen.say(`Asked by ${intent.requester}, clinician ${intent.clinician.npi}, for ${intent.purpose}.`)
  for (const each of proven) screen.say(`  Proven: ${each}`)
  for (const each of notProven) screen.say(`  Not proven: ${each}`)
}

const sayVotes = ({ height, hash, voted, validators, power, powerOfAll }: VotesOfBlock): string =>
  `Block ${height}, ${hash}, has the votes of ${voted} of its ${validators} validators: ${power} of ${powerOfAll} of the power.`

async function believe(path: string, bundle: Uint8Array, chain: Chain, flags: VoteFlags): Promise<Believed> {
  if (sequencerKeyOf(chain)) return { trust: engineKey, votesAt: async () => undefined, proven: [], notProven: [] }
  const checkpoint = checkpointIn(flags.checkpoint)
  const asked = await sourcesFor(path, chain, flags)
  const { sources, kept, door, members } = asked
  const begun = await beginFrom(chain, checkpoint, sources.primary)
  if (!begun.ok) throw notBelieved(begun.reason.type, checkpoint)
  const now = (): number => Date.now() / 1000
  const believed = await beliefIn({ chain, sources, now, trusted: begun.value })(bundle)
  if (!believed.ok) {
    const [primary = '', ...witnesses] = members
    throw believed.reason.type === 'fork' && door
      ? await forkRefused(believed.reason, { chain, door, primary, witnesses, checkpoint })
      : notBelieved(believed.reason.type, checkpoint)
  }
  if (flags.votes !== undefined && door)
    writeDurably(flags.votes, encodeKeptBlocks({ type: 'votes', chain: chain.id, blocks: keptList(kept) }), 0o644)
  const from = checkpoint ? `block ${checkpoint.height}, for which you vouch` : 'the genesis document'
  const alone = sources.witnesses.length === 0
  return {
    trust: believed.value,
    votesAt: votesAmong(kept),
    proven: [
      `These blocks follow from ${from}, by the votes of validators that each block before announced.`,
      ...(alone ? [] : [`At least one of ${members.slice(1).join(', ')} shows the same blocks.`]),
    ],
    notProven: alone ? ['That nobody was shown other blocks with votes as good: only one source was asked.'] : [],
  }
}

async function sourcesFor(path: string, chain: Chain, { node = [], votes }: VoteFlags): Promise<Asked> {
  const [address, ...others] = node
  const kept = new Map<number, LightBlockAnswers>()
  if (address !== undefined) {
    const door = new NodeDoor(address, others)
    const members = (await door.members()).slice(0, 1 + witnessesMax)
    const [first = '', ...witnesses] = members
    const primary = keepingSource(lightAnswers(door, first), kept)
    const shown = witnesses.map((each) => readingSource(lightAnswers(door, each)))
    return { sources: { primary, witnesses: shown }, kept, members, door }
  }
  const file = votes ?? join(dirname(path), votesFile)
  if (votes === undefined && !existsSync(file))
    throw new Refused(
      'votes-missing',
      'On CometBFT a block is believed for the votes of its validators, and none are here.',
      'Give --node with the address of any node of the network, or --votes with the file that was kept of an earlier check.',
    )
  const read = decodeKeptBlocks(readBytes(file, 'file of votes'))
  if (!read.ok || read.value.type !== 'votes' || toHex(read.value.chain) !== toHex(chain.id))
    throw new Refused('not-votes', `${file} has no votes of this chain.`, 'Ask a node with --node instead.')
  const had = keptMap(read.value.blocks)
  for (const [height, answers] of had) kept.set(height, answers)
  return { sources: { primary: keptSource(had), witnesses: [] }, kept, members: [], door: null }
}

/** Every vote for the block of a height that holds, not only as many as it takes. */
function votesAmong(kept: ReadonlyMap<number, LightBlockAnswers>): Believed['votesAt'] {
  return async (height) => {
    const block = await keptSource(kept)(height)
    if (!block) return undefined
    const voters = [...votersOf(block).values()]
    const power = (of: readonly { readonly power: bigint }[]): string =>
      String(of.reduce((sum, each) => sum + each.power, 0n))
    return {
      height,
      hash: toHex(block.commit.block.hash),
      voted: voters.length,
      validators: block.validators.length,
      power: power(voters),
      powerOfAll: power(block.validators),
    }
  }
}

function checkpointIn(text: string | undefined): ForkEvidence['checkpoint'] {
  if (text === undefined) return null
  const [, height = '', hex = ''] = /^(\d{1,12}):([0-9a-f]{64})$/i.exec(text) ?? []
  const hash = parseHex(hex.toLowerCase())
  if (hash && hash.length === 32) return { height: Number(height), hash }
  throw new Refused(
    'checkpoint-malformed',
    `${text} is no HEIGHT:HASH.`,
    'The hash is that of the header, 64 hexadecimal digits, from somebody whom you trust.',
  )
}

function notBelieved(type: string, checkpoint: ForkEvidence['checkpoint']): Refused {
  const advice =
    type === 'trust-expired' || type === 'not-verified' || type === 'too-far'
      ? 'A network that is older than a week is followed from a block that somebody vouches for: --checkpoint HEIGHT:HASH, near the bundle.'
      : type === 'not-sent'
        ? 'Whoever was asked does not have these blocks: give another --node, or the votes that were kept with this bundle.'
        : 'Ask other members: --node is repeatable.'
  const from = checkpoint ? `block ${checkpoint.height}` : 'genesis'
  return new Refused(type, `The blocks of this bundle could not be followed from ${from}: ${type}.`, advice)
}
