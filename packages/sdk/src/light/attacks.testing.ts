/** What a light client may be shown, honest or not, each with its verdict. `vectors/light` holds CometBFT's on the same. */
import { concatBytes, fromHex } from '@plexus/codec'
import type { Instant } from './instant.ts'
import type { CommitVote, LightBlock } from './light-block.ts'
import { validatorsHashOf } from './light-hashes.ts'
import {
  answersOfBlock,
  blockTime,
  hashOf,
  type Minting,
  mint,
  nameOf,
  type Seat,
  seats,
  setOf,
  soon,
  voted,
} from './mint.testing.ts'
import { type HeaderRefusal, type LightSettings, lightSettings } from './verify-header.ts'

export interface LightCase {
  readonly name: string
  readonly trusted: LightBlock
  readonly next: LightBlock
  readonly now: Instant
  readonly settings: LightSettings
  readonly verdict: HeaderRefusal['type'] | 'accepted' | 'malformed'
}

const four = seats('ann bob cleo dan')
const from = 10
const trusted = mint({ height: from, validators: four })
const adjacent = from + 1
const further = from + 7
const honest = { height: adjacent, validators: four }
const { trustingSeconds, clockDriftSeconds } = lightSettings

const cases: LightCase[] = []

function shown(
  name: string,
  verdict: LightCase['verdict'],
  next: LightBlock,
  {
    at = soon(next.header.height),
    before = trusted,
    settings = {},
  }: {
    readonly at?: Instant
    readonly before?: LightBlock
    readonly settings?: Partial<LightSettings>
  } = {},
): void {
  cases.push({ name, trusted: before, next, now: at, settings: { ...lightSettings, ...settings }, verdict })
}

const withVote = (block: LightBlock, at: number, change: (vote: CommitVote) => CommitVote): LightBlock => ({
  ...block,
  commit: { ...block.commit, votes: block.commit.votes.map((vote, index) => (index === at ? change(vote) : vote)) },
})
const withSignature =
  (make: (signature: Uint8Array) => Uint8Array) =>
  (vote: CommitVote): CommitVote =>
    vote.type === 'absent' ? vote : { ...vote, signature: make(vote.signature) }
const spoilt = withSignature((signature) =>
  Uint8Array.from(signature, (byte, index) => (index === 40 ? byte ^ 1 : byte)),
)
const minted = (changes: Partial<Minting>) => mint({ ...honest, ...changes })
const namesIn = (block: LightBlock): readonly string[] => block.validators.map(nameOf)

shown('the next header, all voted', 'accepted', mint(honest))
shown('the next header, three of four voted', 'accepted', minted({ voters: 'ann bob dan' }))
shown('a header further on, all voted', 'accepted', minted({ height: further }))
shown('the next header in its ninth round', 'accepted', minted({ round: 8 }))

// Forged commits.
const strangers = mint({ ...honest, validators: seats('eve1 eve2 eve3 eve4') })
shown('votes of strangers in the places of validators', 'vote-not-signed', {
  ...mint(honest),
  commit: {
    ...mint(honest).commit,
    votes: mint(honest).commit.votes.map((vote, index): CommitVote => {
      const by = strangers.commit.votes[index]
      return vote.type === 'block' && by?.type === 'block' ? { ...vote, signature: by.signature } : vote
    }),
  },
})
shown('a header changed after the votes', 'commit-of-another-header', {
  ...mint(honest),
  header: { ...mint(honest).header, appHash: hashOf('another state') },
})
shown('validators that nobody announced', 'validators-not-announced', strangers)
shown('validators that nobody knows, further on', 'too-little-trusted-power', {
  ...mint({ ...honest, height: further, validators: seats('eve1 eve2 eve3 eve4') }),
})
shown(
  'votes with signatures of zeros',
  'vote-not-signed',
  withVote(
    mint(honest),
    0,
    withSignature(() => new Uint8Array(64)),
  ),
)
shown('the first vote spoilt', 'vote-not-signed', withVote(mint(honest), 0, spoilt))
shown('a vote spoilt that nobody needs', 'accepted', withVote(mint(honest), 3, spoilt))
shown('votes of another round', 'vote-not-signed', { ...mint(honest), commit: { ...mint(honest).commit, round: 1 } })
shown('votes for other parts of the block', 'vote-not-signed', {
  ...mint(honest),
  commit: { ...mint(honest).commit, block: { ...mint(honest).commit.block, partsTotal: 2 } },
})

// Another chain.
shown('a header of another chain', 'other-chain', minted({ header: { chainName: 'another' } }))
const elsewhere = minted({ header: { chainName: 'another' } })
shown('votes given on another chain', 'vote-not-signed', {
  ...mint(honest),
  commit: { ...mint(honest).commit, votes: elsewhere.commit.votes },
})
shown('a header of another protocol', 'other-protocol', minted({ header: { blockVersion: 10 } }))

// Too little power.
shown('one third of the votes', 'too-little-power', minted({ validators: four, voters: 'ann' }))
shown('half of the votes', 'too-little-power', minted({ voters: 'ann bob' }))
shown('no votes at all', 'too-little-power', minted({ voters: 'nobody' }))
const three = seats('ann bob cleo')
const trustedThree = mint({ height: from, validators: three })
shown(
  'exactly two thirds of the votes',
  'too-little-power',
  mint({ height: adjacent, validators: three, voters: 'ann bob' }),
  { before: trustedThree },
)
const uneven: readonly Seat[] = [...seats('ann bob'), { name: 'cleo', power: 9n }]
shown('one more than two thirds', 'accepted', mint({ height: adjacent, validators: uneven, voters: 'ann bob' }), {
  before: mint({ height: from, validators: uneven }),
})
const mostlyNew = seats('ann eve1 eve2')
shown(
  'exactly a third of those who are known',
  'too-little-trusted-power',
  mint({ height: further, validators: mostlyNew }),
  { before: trustedThree },
)
const strongAnn: readonly Seat[] = [{ name: 'ann', power: 11n }, ...seats('bob cleo')]
shown('one more than a third of those who are known', 'accepted', mint({ height: further, validators: mostlyNew }), {
  before: mint({ height: from, validators: strongAnn }),
})
shown(
  'known validators voted, and too few of the new ones',
  'too-little-power',
  mint({ height: further, validators: seats('ann bob eve1 eve2 eve3'), voters: 'ann bob' }),
)
shown(
  'half of those who are known, where two thirds are wanted',
  'too-little-trusted-power',
  mint({ height: further, validators: seats('ann bob eve1') }),
  {
    settings: { trustLevel: { numerator: 2, denominator: 3 } },
  },
)
shown('all who are known, where all are wanted', 'too-little-trusted-power', minted({ height: further }), {
  settings: { trustLevel: { numerator: 1, denominator: 1 } },
})

// Votes that are none for the block.
shown('votes for nothing beside one for the block', 'too-little-power', minted({ voters: 'ann', others: 'nil' }))
const mostlyNil = minted({ voters: 'ann', others: 'nil' })
shown('votes for nothing, told as votes for the block', 'vote-not-signed', {
  ...mostlyNil,
  commit: {
    ...mostlyNil.commit,
    votes: mostlyNil.commit.votes.map((vote): CommitVote => (vote.type === 'nil' ? { ...vote, type: 'block' } : vote)),
  },
})
shown('three votes for the block and one for nothing', 'accepted', minted({ voters: 'ann bob cleo', others: 'nil' }))
const spoiltNil = minted({ voters: 'ann bob cleo', others: 'nil' })
shown(
  'a vote for nothing whose signature does not hold',
  'accepted',
  withVote(spoiltNil, namesIn(spoiltNil).indexOf('dan'), spoilt),
)

// Places.
shown('one vote too few', 'votes-not-of-these-validators', {
  ...mint(honest),
  commit: { ...mint(honest).commit, votes: mint(honest).commit.votes.slice(0, 3) },
})
const [first, second, ...rest] = mint(honest).commit.votes as [CommitVote, CommitVote, ...CommitVote[]]
shown('two votes in each other’s places', 'vote-out-of-place', {
  ...mint(honest),
  commit: { ...mint(honest).commit, votes: [second, first, ...rest] },
})
shown('a vote twice instead of another', 'vote-out-of-place', {
  ...mint(honest),
  commit: { ...mint(honest).commit, votes: [first, first, ...rest] },
})
const annTwice = setOf(seats('ann eve1 eve2')).toSorted((a, b) =>
  nameOf(a) === 'ann' ? -1 : nameOf(b) === 'ann' ? 1 : 0,
)
const doubled = [annTwice[0], ...annTwice] as typeof annTwice
const twice = voted(
  { ...mint({ height: further, validators: three }).header, validatorsHash: validatorsHashOf(doubled) },
  doubled,
)
shown('a validator that is known, twice among those of the header', 'malformed', twice, { before: trustedThree })
export const knownTwice = { trusted: trustedThree, next: twice }

// Validators that are not the header's.
shown('other validators than the header names', 'validators-not-in-header', {
  ...mint(honest),
  validators: setOf(seats('ann bob cleo eve')),
})
shown('a validator with more power than the header says', 'validators-not-in-header', {
  ...mint(honest),
  validators: mint(honest).validators.map((each, index) => (index === 0 ? { ...each, power: 1000n } : each)),
})
shown('the validators in another order', 'accepted', {
  ...mint(honest),
  validators: mint(honest).validators.toReversed(),
})

// Replays.
shown('the commit of an earlier header', 'commit-of-another-header', {
  ...mint(honest),
  commit: mint({ height: 5, validators: four }).commit,
})
shown('an earlier header', 'not-higher', mint({ height: 5, validators: four }), { at: soon(from) })
shown(
  'another header of the height that is trusted',
  'not-higher',
  mint({ height: from, validators: four, header: { appHash: hashOf('fork') } }),
  { at: soon(from) },
)
shown('a later header with the time of the trusted one', 'not-later', minted({ header: { time: trusted.header.time } }))

// Signatures at the edge (ZIP-215).
const smallOrder = fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
/** RFC 8032 §5.1. */
const groupOrder = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
/** Made with the key of the first validator, R = 123456789 B + T for the point T above: who forgoes the cofactor refuses it. */
const withTorsion = fromHex(
  '1dd960b291c53514fece1341fc0dcd8a648b3934c2c533666f737a654ff1e1bf3439688ea276af32988ec51eae2e9aca9837a978e184b087692a8f46b9d0770c',
)
const withPartOfSmallOrder = withVote(
  mint(honest),
  0,
  withSignature(() => withTorsion),
)
shown('a vote whose R has a part of small order', 'accepted', withPartOfSmallOrder)
shown(
  'a vote whose S was raised by the order of the group',
  'vote-not-signed',
  withVote(mint(honest), 0, withSignature(raised)),
)
const smallOrderVote = withSignature(() => concatBytes(smallOrder, new Uint8Array(32)))
shown('a vote of small order under an honest key', 'vote-not-signed', withVote(mint(honest), 0, smallOrderVote))

// Time.
const nanosecondBefore = ({ seconds, nanoseconds }: Instant): Instant =>
  nanoseconds > 0 ? { seconds, nanoseconds: nanoseconds - 1 } : { seconds: seconds - 1, nanoseconds: 999_999_999 }
const edge: Instant = { seconds: soon(adjacent).seconds + clockDriftSeconds, nanoseconds: 0 }
shown(
  'a header from the future',
  'from-the-future',
  minted({ header: { time: { ...edge, seconds: edge.seconds + 60 } } }),
)
shown('a header at the edge of the future', 'from-the-future', minted({ header: { time: edge } }))
shown('a header just before the future', 'accepted', minted({ header: { time: nanosecondBefore(edge) } }))
const end: Instant = { seconds: blockTime(from).seconds + trustingSeconds, nanoseconds: blockTime(from).nanoseconds }
shown('trust that ends now', 'trust-expired', mint(honest), { at: end })
shown('trust that ends in a nanosecond', 'accepted', mint(honest), { at: nanosecondBefore(end) })
shown('trust that ended long ago', 'trust-expired', minted({ height: further }), {
  at: { seconds: end.seconds + 86_400, nanoseconds: 0 },
})

export const lightCases: readonly LightCase[] = cases

/** A case as `vectors/light/judge.go` reads it. */
export function lineOf({ name, trusted, next, now, settings }: LightCase): string {
  return JSON.stringify({
    name,
    trusted: answersOfBlock(trusted),
    next: answersOfBlock(next),
    nowSeconds: now.seconds,
    nowNanoseconds: now.nanoseconds,
    trustingSeconds: settings.trustingSeconds,
    driftSeconds: settings.clockDriftSeconds,
    ...settings.trustLevel,
  })
}

function raised(signature: Uint8Array): Uint8Array {
  return concatBytes(signature.slice(0, 32), encoded(littleEndian(signature.slice(32)) + groupOrder))
}

function encoded(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n))
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
