/**
 * The loop: take a known input, change it, run it, and keep it when it did something that no input did before: took a
 * branch, took it a different number of times (in powers of two), or was refused in other words.
 */
import { Chance } from './chance.ts'
import { counters, literals, used } from './coverage.ts'
import {
  type Fault,
  type Finding,
  faultOf,
  growsTooMuch,
  runMilliseconds,
  runMillisecondsMax,
  smaller,
  tried,
} from './findings.ts'
import { inputBytesMaxDefault, mutated, wordsFor } from './mutate.ts'
import type { Answer, Subject } from './subject.ts'

export interface ExploreOptions {
  readonly seed: number
  /** Whichever comes first ends the run; with executions alone it is the same in every run of a seed. */
  readonly executionsMax: number
  readonly secondsMax: number
  /** False: nothing but the seeds is ever changed, to show what guidance is worth. */
  readonly guided?: boolean
  /** Told before each run, for whoever must know what ran when it never ends. */
  readonly about?: (input: Uint8Array) => void
  /** Milliseconds, rising. */
  readonly now?: () => number
}

export interface Explored {
  readonly executions: number
  readonly seconds: number
  /** Branches taken, of those that were counted. */
  readonly branches: number
  readonly branchesCounted: number
  /** Behaviours told apart: branches by how often they were taken, and refusals by their words. */
  readonly behaviours: number
  readonly refusals: number
  readonly accepted: number
  /** Inputs that show every behaviour, the small ones first. */
  readonly corpus: readonly Uint8Array[]
  readonly findings: readonly Finding[]
}

/** Inputs made from one before the next is chosen. */
const childrenPerInput = 64
/** More are not kept: what they show is shown by others together. */
const corpusMax = 8192
/** Words of refusals told apart: paths have numbers of items in them. */
const refusalsMax = 4096
const findingsMax = 32
/** Half of the choices fall on the newest inputs, which are the least explored. */
const newestCount = 16
/** How often the clock is looked at, in runs. */
const runsPerLook = 64

/** AFL's classes of how often a branch was taken: 1, 2, 3, 4–7, 8–15, 16–31, 32–127, 128 and more. */
const classes = Uint8Array.from({ length: 256 }, (_, count) =>
  count === 0
    ? 0
    : count <= 3
      ? 1 << (count - 1)
      : count < 8
        ? 8
        : count < 16
          ? 16
          : count < 32
            ? 32
            : count < 128
              ? 64
              : 128,
)

export async function explore(subject: Subject, options: ExploreOptions): Promise<Explored> {
  const { seed, executionsMax, secondsMax, guided = true, about, now = () => performance.now() } = options
  const chance = new Chance(seed)
  const seen = new Seen()
  const corpus: Uint8Array[] = []
  const findings: Finding[] = []
  const known = new Set<string>()
  const mutation = {
    chance,
    shape: subject.shape,
    words: wordsFor(subject.shape, literals),
    inputBytesMax: subject.inputBytesMax ?? inputBytesMaxDefault,
  }
  const framesBefore = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const startedAt = now()
  const deadline = startedAt + secondsMax * 1000
  let executions = 0
  let acceptedCount = 0

  async function run(input: Uint8Array): Promise<void> {
    about?.(input)
    executions += 1
    const before = now()
    let fault: Fault | undefined
    let why: string | undefined
    counters.fill(0, 0, used.counters)
    try {
      const asked = subject.run(input)
      const answer: Answer = asked instanceof Promise ? await asked : asked
      fault = faultOf(answer, input)
      if (answer.type === 'refused') why = answer.why
      else acceptedCount += 1
    } catch {
      fault = (await tried(subject, input)) ?? { kind: 'throws', what: 'now and then, for one input' }
    }
    const slow = now() - before > runMillisecondsMax
    const isNew = seen.look(why)
    if (isNew && corpus.length < corpusMax) {
      if (guided) corpus.push(input)
      if (await growsTooMuch(subject, input)) await found(input, { kind: 'grows', what: 'memory for one input' })
    }
    if (fault) await found(input, fault)
    if (slow && (await runMilliseconds(subject, input)) > runMillisecondsMax)
      await found(input, { kind: 'slow', what: `more than ${runMillisecondsMax} ms` })
  }

  async function found(input: Uint8Array, fault: Fault): Promise<void> {
    const name = `${fault.kind} ${fault.what}`
    if (known.has(name) || findings.length >= findingsMax) return
    known.add(name)
    const isSize = fault.kind === 'slow' || fault.kind === 'grows'
    const least = isSize ? input : await smaller(subject, input, fault)
    findings.push({ ...fault, hex: Buffer.from(least).toString('hex') })
  }

  const seeds = subject.seeds.length > 0 ? subject.seeds : [new Uint8Array(0)]
  for (const each of seeds) if (executions < executionsMax) await run(each.slice())
  if (corpus.length === 0) corpus.push(...seeds)
  for (let over = false; !over; ) {
    const from = chance.once(2) ? chance.pick(corpus) : chance.pick(corpus.slice(-newestCount))
    for (let child = 0; child < childrenPerInput && !over; child++) {
      if (executions >= executionsMax || (executions % runsPerLook === 0 && now() >= deadline)) over = true
      else await run(mutated(from, chance.pick(corpus), mutation))
    }
  }
  Error.stackTraceLimit = framesBefore
  return {
    executions,
    seconds: (now() - startedAt) / 1000,
    branches: seen.branches,
    branchesCounted: used.counters,
    behaviours: seen.behaviours,
    refusals: seen.refusals,
    accepted: acceptedCount,
    corpus: await fewest(subject, corpus),
    findings,
  }
}

/** Everything that inputs did so far. */
class Seen {
  readonly #classes = new Uint8Array(counters.length)
  readonly #words = new Uint32Array(counters.buffer, counters.byteOffset, counters.length >> 2)
  readonly #refusals = new Set<string>()
  behaviours = 0

  /** Takes what the last run did; true when some of it is new. */
  look(why: string | undefined): boolean {
    let isNew = false
    const wordsUsed = (used.counters + 3) >> 2
    for (let word = 0; word < wordsUsed; word++) {
      if (this.#words[word] === 0) continue
      for (let at = word * 4; at < word * 4 + 4; at++) {
        const reached = classes[counters[at] as number] as number
        const before = this.#classes[at] as number
        if ((reached & ~before) === 0) continue
        this.#classes[at] = before | reached
        this.behaviours += 1
        isNew = true
      }
    }
    if (why !== undefined && this.#refusals.size < refusalsMax && !this.#refusals.has(why)) {
      this.#refusals.add(why)
      this.behaviours += 1
      isNew = true
    }
    return isNew
  }

  get refusals(): number {
    return this.#refusals.size
  }

  get branches(): number {
    let taken = 0
    for (let at = 0; at < used.counters; at++) if (this.#classes[at] !== 0) taken += 1
    return taken
  }
}

/** Those of the inputs that are needed to show all that they show: the shortest ones are asked first. */
async function fewest(subject: Subject, inputs: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const seen = new Seen()
  const kept: Uint8Array[] = []
  for (const input of [...inputs].sort((a, b) => a.length - b.length)) {
    let why: string | undefined
    counters.fill(0, 0, used.counters)
    try {
      const answer = await subject.run(input.slice())
      if (answer.type === 'refused') why = answer.why
    } catch {
      continue
    }
    if (seen.look(why)) kept.push(input)
  }
  return kept
}
