/**
 * Light blocks as sources answered them, in a file: whoever has it verifies the same again, and asks nobody. Two kinds: the
 * votes on which a receipt bundle rests, and two answers of one height that cannot both be true.
 */
import {
  bytes,
  decode,
  encode,
  type Infer,
  list,
  type Malformed,
  no,
  object,
  option,
  type Result,
  uint,
  variant,
} from '@plexus/codec'
import { type FetchLightBlock, fetchesMax } from './follow.ts'
import { answerBytesMax } from './json-fields.ts'
import { type LightBlockAnswers, readLightBlock } from './read-light-block.ts'

/** What a source answers about a height, byte for byte; undefined when it has nothing, or does not answer. */
export type FetchAnswers = (height: number) => Promise<LightBlockAnswers | undefined>

/** Answers by height. */
export type KeptAnswers = ReadonlyMap<number, LightBlockAnswers>

const hash = bytes({ length: 32 })
const answered = list(
  object({ height: uint(), commit: bytes({ max: answerBytesMax }), validators: bytes({ max: answerBytesMax }) }),
  // The longest way, and its two ends.
  { max: fetchesMax + 2 },
)

/** `chain`: the hash of the genesis document. */
const keptBlocks = variant({
  votes: { chain: hash, blocks: answered },
  fork: {
    chain: hash,
    height: uint(),
    /** Seconds since 1970: when the two were seen. Votes are judged as of then. */
    seenAt: uint(),
    /** From what was followed; null for the genesis document. */
    checkpoint: option(object({ height: uint(), hash })),
    primary: answered,
    witness: answered,
  },
})
export type KeptBlocks = Infer<typeof keptBlocks>

/** A hundred validators take 60 kB a block; a file that skipping makes has some tens of them. */
const keptBlocksBytesMax = 256 * 1024 * 1024

export const encodeKeptBlocks = (kept: KeptBlocks): Uint8Array => encode(keptBlocks, kept)

/** Refuses what is not in canonical form. Nothing is verified yet. */
export function decodeKeptBlocks(source: Uint8Array): Result<KeptBlocks, Malformed | { readonly type: 'too-large' }> {
  return source.length > keptBlocksBytesMax ? no({ type: 'too-large' }) : decode(keptBlocks, source, keptBlocksBytesMax)
}

/** Reads what a source answers; `onRead` is told of answers that are light blocks. */
export function readingSource(
  ask: FetchAnswers,
  onRead?: (height: number, answers: LightBlockAnswers) => void,
): FetchLightBlock {
  return async (height) => {
    const answers = await ask(height)
    const read = answers && readLightBlock(answers)
    if (!answers || !read?.ok) return undefined
    onRead?.(height, answers)
    return read.value
  }
}

/** Reads what a source answers, and puts it into `kept` as it came. */
export const keepingSource = (ask: FetchAnswers, kept: Map<number, LightBlockAnswers>): FetchLightBlock =>
  readingSource(ask, (height, answers) => kept.set(height, answers))

/** A source that has what was kept, and nothing else. */
export const keptSource = (kept: KeptAnswers): FetchLightBlock => readingSource(async (height) => kept.get(height))

export const keptList = (kept: KeptAnswers): Answered =>
  [...kept].sort(([a], [b]) => a - b).map(([height, answers]) => ({ height, ...answers }))

export const keptMap = (blocks: Answered): KeptAnswers =>
  new Map(blocks.map(({ height, commit, validators }) => [height, { commit, validators }]))

type Answered = Infer<typeof answered>
