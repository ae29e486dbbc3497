/**
 * The likelihood attacker. It has the whole ledger, knows the truth about the first half of the year, and learns from it
 * how time and company differ between what belongs together and what does not; then it plays on the second half. It is
 * told more than a member would know: which batches hold receipts and how many, and that there is something to be found.
 */
import type { Ledger, Post } from './cadence.ts'
import { type Ask, chanceOf, memberRoles, secondsPerDay, type Year } from './population.ts'

/** Shares of tries in which the attacker was right; `gain` is what it has over whoever guesses. */
export interface Score {
  readonly right: number
  readonly guessing: number
  readonly gain: number
  readonly tries: number
}

const followUpSecondsMax = 8 * secondsPerDay
/** What was posted shortly before a receipt was posted for the same click; the block of the receipts is the newest. */
const companySeconds = 0.12
const triesMax = 1_000
const learnMax = 4_000

/** What an attacker looks at: time alone, as in the older figure for one-time handles, or who else posted then, too. */
export type Look = 'time' | 'time-and-company'

/** One access is given, by its receipt at one member, and a second member: which receipt there is of the same patient's next access? */
export function linkReceipts(year: Year, ledger: Ledger, tickSeconds: number | null, look: Look): Score {
  const company = companyOf(ledger, tickSeconds)
  const at = receiptsByMember(ledger)
  const chance = chanceOf(11)
  const pairs = followUps(year, ledger, chance)
  const [learnt, played] = [pairs.filter(({ early }) => early), pairs.filter(({ early }) => !early)]
  const seen = new Learning()
  for (const pair of sample(learnt, learnMax, chance)) {
    const first = ledger.posts[pair.first] as Post
    const second = ledger.posts[pair.second] as Post
    seen.learn(true, second.time - first.time, company(first), company(second))
    const others = candidates(at[second.member] ?? [], ledger, first.time)
    const other = others[Math.floor(chance() * others.length)]
    if (other) seen.learn(false, other.time - first.time, company(first), company(other))
  }
  let right = 0
  let guessing = 0
  const tries = sample(played, triesMax, chance)
  for (const pair of tries) {
    const first = ledger.posts[pair.first] as Post
    const second = ledger.posts[pair.second] as Post
    const all = candidates(at[second.member] ?? [], ledger, first.time)
    const own = company(first)
    const best = highest(all, (other) =>
      seen.weigh(other.time - first.time, own, look === 'time' ? undefined : company(other)),
    )
    guessing += 1 / all.reduce((sum, { receipts }) => sum + receipts.length, 0)
    right += best.includes(second) ? 1 / best.reduce((sum, { receipts }) => sum + receipts.length, 0) : 0
  }
  return scoreOf(right, guessing, tries.length)
}

/** A receipt at one member is given, and another member that was asked with the same click: which receipt there? */
export function linkOneClick(year: Year, ledger: Ledger): Score {
  const half = halfOf(year)
  const at = receiptsByMember(ledger)
  const chance = chanceOf(12)
  const asks = year.asks.flatMap(({ time, custodians }, ask) => (time > half && custodians.length > 1 ? [ask] : []))
  let right = 0
  let guessing = 0
  const tries = sample(asks, triesMax, chance)
  for (const ask of tries) {
    const places = ledger.receiptPosts[ask] as readonly number[]
    const first = ledger.posts[places[0] as number] as Post
    const second = ledger.posts[places[1] as number] as Post
    const near = (at[second.member] ?? []).map((post) => ledger.posts[post] as Post)
    const best = highest(near, ({ time }) => -Math.abs(time - first.time))
    // Whoever guesses takes any receipt of that day.
    const day = near.filter(({ time }) => Math.abs(time - first.time) < secondsPerDay / 2)
    guessing += 1 / day.reduce((sum, { receipts }) => sum + receipts.length, 0)
    right += best.includes(second) ? 1 / best.reduce((sum, { receipts }) => sum + receipts.length, 0) : 0
  }
  return scoreOf(right, guessing, tries.length)
}

/** A receipt is given: which member had asked? Whoever guesses names the member that asks this custodian most often. */
export function linkMembers(year: Year, ledger: Ledger, tickSeconds: number | null): Score {
  const reach = reachOf(tickSeconds)
  const half = halfOf(year)
  const members = memberRoles.map((_, member) => member)
  const chance = chanceOf(13)
  /** By custodian and member: how often it asked, and how often it posted just before when it did and when it did not. */
  const asked = members.map(() => members.map(() => 1))
  const posted = [false, true].map(() => members.map(() => ({ yes: 1, all: 2 })))
  const before = (post: Post): number => {
    let seen = 0
    for (let block = post.block - 1; block >= 0; block--) {
      const { time, members: who } = ledger.blocks[block] as Ledger['blocks'][number]
      if (post.time - time > reach) break
      seen |= who
    }
    return seen
  }
  const numbers = year.asks.map((_, ask) => ask)
  const receiptOf = (ask: number): Post => {
    const places = ledger.receiptPosts[ask] as readonly number[]
    return ledger.posts[places[Math.floor(chance() * places.length)] as number] as Post
  }
  for (const ask of sample(
    numbers.filter((each) => (year.asks[each] as Ask).time < half),
    learnMax * 4,
    chance,
  )) {
    const post = receiptOf(ask)
    const who = before(post)
    const { asker } = year.asks[ask] as Ask
    const row = asked[post.member] as number[]
    row[asker] = (row[asker] ?? 0) + 1
    for (const member of members) {
      const tally = posted[member === asker ? 1 : 0]?.[member]
      if (!tally) continue
      tally.all++
      if (who & (1 << member)) tally.yes++
    }
  }
  let right = 0
  let guessing = 0
  const tries = sample(
    numbers.filter((each) => (year.asks[each] as Ask).time > half),
    triesMax,
    chance,
  )
  for (const ask of tries) {
    const post = receiptOf(ask)
    const who = before(post)
    const often = asked[post.member] as readonly number[]
    const others = members.filter((member) => member !== post.member)
    const { asker } = year.asks[ask] as Ask
    const best = highest(others, (member) => {
      const [no, yes] = [posted[0]?.[member], posted[1]?.[member]]
      if (!no || !yes) return Number.NEGATIVE_INFINITY
      const [without, within] = [no.yes / no.all, yes.yes / yes.all]
      const saw = who & (1 << member) ? within / without : (1 - within) / (1 - without)
      return Math.log(often[member] ?? 1) + Math.log(saw)
    })
    const usual = highest(others, (member) => often[member] ?? 0)
    right += best.includes(asker) ? 1 / best.length : 0
    guessing += usual.includes(asker) ? 1 / usual.length : 0
  }
  return scoreOf(right, guessing, tries.length)
}

/** When half of the year's clicks were made. */
const halfOf = ({ asks }: Year): number => asks[asks.length >> 1]?.time ?? 0

interface Pair {
  readonly first: number
  readonly second: number
  readonly early: boolean
}

/** Accesses of one patient that follow each other within days, each by one of its receipts, at two members. */
function followUps(year: Year, ledger: Ledger, chance: () => number): readonly Pair[] {
  const half = halfOf(year)
  const pairs: Pair[] = []
  for (const [from, to] of year.episodes) {
    if (from === undefined || to === undefined) continue
    const [earlier, later] = [year.asks[from] as Ask, year.asks[to] as Ask]
    if (later.time - earlier.time > followUpSecondsMax - secondsPerDay) continue
    const firsts = ledger.receiptPosts[from] as readonly number[]
    const seconds = ledger.receiptPosts[to] as readonly number[]
    const first = firsts[Math.floor(chance() * firsts.length)]
    const second = seconds.find((each) => ledger.posts[each]?.member !== ledger.posts[first ?? -1]?.member)
    if (first === undefined || second === undefined) continue
    const [one, two] = [ledger.posts[first] as Post, ledger.posts[second] as Post]
    if (two.time > one.time) pairs.push({ first, second, early: later.time < half })
  }
  return pairs
}

/** Posts of a member that hold receipts, later than `from` and not too late. */
function candidates(of: readonly number[], { posts }: Ledger, from: number): readonly Post[] {
  const found: Post[] = []
  for (let index = firstAfter(of, posts, from); index < of.length; index++) {
    const post = posts[of[index] as number] as Post
    if (post.time > from + followUpSecondsMax) break
    found.push(post)
  }
  return found
}

function firstAfter(of: readonly number[], posts: readonly Post[], from: number): number {
  let low = 0
  let high = of.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((posts[of[middle] as number] as Post).time <= from) low = middle + 1
    else high = middle
  }
  return low
}

function receiptsByMember({ posts }: Ledger): readonly (readonly number[])[] {
  const found = memberRoles.map((): number[] => [])
  for (const [number, { member, receipts }] of posts.entries()) if (receipts.length > 0) found[member]?.push(number)
  return found
}

/** With ticks, intents stand one tick before their receipts. */
const reachOf = (tickSeconds: number | null): number => (tickSeconds === null ? companySeconds : tickSeconds * 1.5)

/** Who posted in a receipt's block or shortly before, as bits. */
function companyOf({ blocks }: Ledger, tickSeconds: number | null): (post: Post) => number {
  const reach = reachOf(tickSeconds)
  return ({ block, time }) => {
    let seen = 0
    for (let at = block; at >= 0; at--) {
      const near = blocks[at] as Ledger['blocks'][number]
      if (time - near.time > reach) break
      seen |= near.members
    }
    return seen
  }
}

const delayClasses = 64
const delayClass = (seconds: number): number =>
  Math.min(delayClasses - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, seconds)) * 3)))

/** How often each delay and each company was seen, where the two belonged together and where not. */
class Learning {
  private readonly delays = [0, 1].map(() => Array<number>(delayClasses).fill(0.5))
  /** By whether it belonged together, by member, by whether it posted with the first and with the second. */
  private readonly together = [0, 1].map(() => memberRoles.map(() => Array<number>(4).fill(0.5)))
  private readonly seen = [0, 0]

  learn(same: boolean, delay: number, first: number, second: number): void {
    const kind = same ? 1 : 0
    this.seen[kind] = (this.seen[kind] ?? 0) + 1
    add(this.delays[kind], delayClass(delay))
    for (const [member, counts] of (this.together[kind] ?? []).entries()) add(counts, bothOf(member, first, second))
  }

  /** The logarithm of how much likelier this is when the two belong together. */
  weigh(delay: number, first: number, second: number | undefined): number {
    const [none, some] = [this.seen[0] ?? 1, this.seen[1] ?? 1]
    const share = (kind: number, counts: readonly number[] | undefined, at: number): number =>
      (counts?.[at] ?? 0.5) / ((kind === 1 ? some : none) + 1)
    const class_ = delayClass(delay)
    let sum = Math.log(share(1, this.delays[1], class_) / share(0, this.delays[0], class_))
    if (second === undefined) return sum
    for (const member of memberRoles.keys()) {
      const at = bothOf(member, first, second)
      sum += Math.log(share(1, this.together[1]?.[member], at) / share(0, this.together[0]?.[member], at))
    }
    return sum
  }
}

const bothOf = (member: number, first: number, second: number): number =>
  ((first >>> member) & 1) * 2 + ((second >>> member) & 1)

function add(counts: number[] | undefined, at: number): void {
  if (counts) counts[at] = (counts[at] ?? 0) + 1
}

/** All that share the highest weight: nothing tells them apart. */
export function highest<Value>(of: readonly Value[], weight: (value: Value) => number): readonly Value[] {
  let most = Number.NEGATIVE_INFINITY
  let best: Value[] = []
  for (const each of of) {
    const weighed = weight(each)
    if (weighed < most) continue
    if (weighed > most) best = []
    most = weighed
    best.push(each)
  }
  return best
}

export function sample<Value>(of: readonly Value[], count: number, chance: () => number): readonly Value[] {
  if (of.length <= count) return of
  return Array.from({ length: count }, () => of[Math.floor(chance() * of.length)] as Value)
}

export function scoreOf(right: number, guessing: number, tries: number): Score {
  const share = (of: number): number => (tries === 0 ? 0 : of / tries)
  return { right: share(right), guessing: share(guessing), gain: share(right) - share(guessing), tries }
}
