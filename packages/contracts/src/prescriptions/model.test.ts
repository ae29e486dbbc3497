/** Random lives of one item against a plain model of a pharmacy's counter, written without a look at the rules. */
import { expect, test } from 'vitest'
import { type Identity, Random } from '../world.testing.ts'
import { dispensers, type Example, freshKey, signedExample } from './examples.testing.ts'
import { type PrescriptionsTransaction, whole } from './index.ts'

const livesCount = 40
const stepsCount = 40
const tablets = 10

type Step =
  | 'open'
  | 'nominate'
  | 'refill'
  | 'claim'
  | 'offer'
  | 'return'
  | 'fill'
  | 'unfill'
  | 'cancel'
  | 'done'
  | 'refuse'
const steps: readonly Step[] = [
  ...(['open', 'nominate', 'refill', 'claim', 'claim', 'claim', 'offer', 'return'] as const),
  ...([
    'fill',
    'fill',
    'fill',
    'fill',
    'fill',
    'unfill',
    'cancel',
    'done',
    'done',
    'refill',
    'refill',
    'refuse',
  ] as const),
]
type Who = 'prescriber' | 'patient' | 'stranger' | number

/** The counter: who stands there, and how many tablets went over it. Pharmacies are numbers. */
class Counter {
  private readonly refills: number
  over: 'cancelled' | 'completed' | 'not-dispensed' | null = null
  onExchange = false
  chosen: number | null = null
  holder: number | null = null
  letsGo = false
  held = 0
  cancelling = false
  fillNumber = 1
  /** What was handed out in this fill, newest last, with the pharmacy that did. */
  parts: { readonly count: number; readonly by: number }[] = []
  handedOut = 0

  constructor(refills: number) {
    this.refills = refills
  }

  private get filled(): number {
    return this.parts.reduce((sum, { count }) => sum + count, 0)
  }

  /** Whether the step is right; if it is, it happens. */
  try(step: Step, who: Who, count: number, other: number): boolean {
    if (this.over) return false
    const isHolder = this.holder !== null && who === this.holder
    const complete = this.filled === tablets
    switch (step) {
      case 'open':
        if (who !== 'patient' || this.onExchange) return false
        this.onExchange = true
        this.chosen = other
        return true
      case 'nominate':
        if (who !== 'patient' || !this.onExchange || complete) return false
        this.chosen = other
        return true
      case 'refill':
        if (who !== 'patient' || !complete || this.fillNumber > this.refills) return false
        this.fillNumber++
        this.parts = []
        this.holder = null
        this.held = 0
        this.chosen = other
        return true
      case 'claim':
        if (who !== this.chosen || complete || this.cancelling || this.held >= 10) return false
        if (this.holder !== null && !this.letsGo) return false
        this.holder = other
        this.held++
        this.chosen = null
        this.letsGo = false
        return true
      case 'offer':
        if (!isHolder || complete || this.cancelling || this.held >= 10) return false
        this.letsGo = true
        return true
      case 'return':
        if (!isHolder || (complete && !this.cancelling)) return false
        if (this.cancelling) return this.end('cancelled')
        this.holder = null
        this.chosen = null
        this.letsGo = false
        return true
      case 'fill':
        if (!isHolder || this.cancelling || complete || count < 1 || this.filled + count > tablets) return false
        this.parts.push({ count, by: this.holder as number })
        this.handedOut += count
        this.letsGo = false
        return true
      case 'unfill': {
        const last = this.parts.at(-1)
        if (!isHolder || !last || last.by !== this.holder) return false
        this.parts.pop()
        this.handedOut -= last.count
        return true
      }
      case 'cancel':
        if (who !== 'prescriber' || this.cancelling || (complete && this.fillNumber > this.refills)) return false
        if (this.holder === null || complete) return this.end('cancelled')
        this.cancelling = true
        this.letsGo = false
        return true
      case 'done':
        if (!isHolder || this.cancelling || !complete || this.fillNumber <= this.refills) return false
        return this.end('completed')
      case 'refuse':
        if (!isHolder || this.cancelling || this.filled > 0 || this.fillNumber > 1) return false
        return this.end('not-dispensed')
    }
  }

  private end(as: 'cancelled' | 'completed' | 'not-dispensed'): true {
    this.over = as
    this.holder = null
    return true
  }
}

/** The same step on the ledger. Each number of the counter is one key. */
class Life {
  private readonly keys: Identity[] = []
  private readonly tags: Uint8Array[] = []
  readonly example: Example

  constructor(refills: number) {
    this.example = signedExample({ refills })
  }

  newKey(): number {
    return this.keys.push(freshKey()) - 1
  }

  do(step: Step, who: Who, count: number, other: number): boolean {
    const { handle, item } = this.example
    const hash = (this.keys[other] as Identity).handle
    const parts = Math.round((item.level / whole) * tablets)
    const tag = freshKey().handle
    const transactions: Readonly<Record<Step, PrescriptionsTransaction>> = {
      open: { type: 'make-available', handle, claimant: hash },
      nominate: { type: 'nominate', handle, claimant: hash },
      refill: { type: 'open-refill', handle, claimant: hash },
      claim: { type: 'claim', handle, holder: hash },
      offer: { type: 'offer-transfer', handle },
      return: { type: 'return-item', handle },
      fill: {
        type: 'fill',
        handle,
        level: ((parts + count) * whole) / tablets,
        record: tag,
        tag,
        remainder: null,
        dispensers,
      },
      unfill: { type: 'reverse-fill', tag: this.tags.at(-1) ?? tag, record: tag },
      cancel: { type: 'cancel', handle },
      done: { type: 'complete', handle },
      refuse: { type: 'not-dispensed', handle },
    }
    const accepted = this.example.by(this.signer(who), transactions[step]) === 'accepted'
    if (accepted && step === 'fill') this.tags.push(tag)
    if (accepted && step === 'unfill') this.tags.pop()
    return accepted
  }

  get tablets(): number {
    const { fill, level } = this.example.item
    return (fill - 1) * tablets + Math.round((level / whole) * tablets)
  }

  private signer(who: Who): Identity {
    if (who === 'prescriber') return this.example.own
    if (who === 'patient') return this.example.patient
    return who === 'stranger' ? freshKey() : (this.keys[who] as Identity)
  }
}

/** Mostly whoever may do it. */
function actorOf(step: Step, counter: Counter, random: Random): Who {
  if (random.oneIn(10)) return random.pick<Who>(['prescriber', 'patient', 'stranger'])
  if (step === 'open' || step === 'nominate' || step === 'refill') return 'patient'
  if (step === 'refuse' && !random.oneIn(4)) return 'stranger'
  if (step === 'cancel') return random.oneIn(6) ? 'prescriber' : 'stranger'
  return (step === 'claim' ? counter.chosen : counter.holder) ?? 'stranger'
}

test('40 random lives: ledger and counter accept the same steps, count the same tablets and end alike', () => {
  const endings = new Map<string, number>()
  for (let seed = 1; seed <= livesCount; seed++) {
    const random = new Random(seed)
    const counter = new Counter(seed % 2)
    const life = new Life(seed % 2)
    for (let each = 1; each <= stepsCount; each++) {
      const step = random.pick(steps)
      const who = actorOf(step, counter, random)
      const count = random.pick([0, 1, 3, tablets, tablets, tablets, tablets + 1])
      const other = life.newKey()
      const where = `life ${seed}, step ${each}: ${step} by ${who} of ${count}`
      expect(`${where} ${life.do(step, who, count, other)}`).toBe(`${where} ${counter.try(step, who, count, other)}`)
      expect([where, life.tablets]).toEqual([where, counter.handedOut])
    }
    const { status } = life.example.item
    endings.set(status, (endings.get(status) ?? 0) + 1)
    if (counter.over) expect(status).toBe(counter.over)
  }
  for (const status of ['cancelled', 'not-dispensed', 'completed']) expect([...endings.keys()]).toContain(status)
})
