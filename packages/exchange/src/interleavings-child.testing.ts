/**
 * T-10 at length: `node packages/exchange/src/interleavings-child.testing.ts --count 1000000`. Walks the orders of a
 * bag of steps at an even stride, all of them when the count allows, and each once more for every seal that a block
 * with the closing can fall into. Prints one JSON object; the exit status is 1 when a rule was broken.
 */
import { registerHooks } from 'node:module'
import { parseArgs } from 'node:util'
import type { Middle, Seals, Step } from './head-closing.testing.ts'

type Bag = readonly (readonly [Step, number])[]
/** Five blocks: intent, receipt, closing, a void receipt, and one that carries nothing. 83,160 orders. */
const bag: Bag = [
  ['close', 1],
  ['request', 2],
  ['wake', 2],
  ['block', 5],
  ['restart', 1],
]
/** The successor of the directives may come before its predecessor is closed, after, or in between. 997,920 orders. */
const bags: readonly Bag[] = [bag, [...bag, ['successor', 1]]]
const brokenShownMax = 20

const { values } = parseArgs({ options: { count: { type: 'string', default: '1000000' } } })
const wanted = Number(values.count)

const platform = new URL('../../crypto/src/platform/quick.testing.ts', import.meta.url).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '#platform'
      ? { url: platform, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})
const { inTheMiddle } = (await import(platform)) as { readonly inTheMiddle: Seals }
const { live, prepare } = await import('./head-closing.testing.ts')
const { removeFolders } = await import('./three-members.testing.ts')

const scene = await prepare()
const ends = new Map<string, number>()
const broken: unknown[] = []
let lived = 0
let brokenCount = 0

async function go(history: readonly Step[], middle?: Middle) {
  const end = await live(scene, history, inTheMiddle, middle)
  lived++
  const name = `${middle ?? 'between'}: ${end.released ? 'released' : 'nothing released'}; ${[...new Set(end.told)].join(', ')}`
  ends.set(name, (ends.get(name) ?? 0) + 1)
  if (end.broken.length > 0 && ++brokenCount <= brokenShownMax) broken.push({ history, middle, broken: end.broken })
  return end
}

const from = performance.now()
let walked = 0
for (const [index, each] of bags.entries()) {
  const orders = ordersOf(each.map(([, count]) => count))
  const stride = strideFor(orders)
  // Half of what is wanted goes to the shorter bag, or all of its orders.
  const share = index === 0 ? wanted / 2 : wanted
  for (let number = 0; number < orders && lived < share; number++, walked++) {
    const history = orderAt(each, (number * stride) % orders)
    const { sealed } = await go(history)
    if (sealed.release) await go(history, 'release')
    if (sealed.answer) await go(history, 'answer')
  }
}
removeFolders()
console.log(
  JSON.stringify({
    interleavings: lived,
    orders: walked,
    ordersInAll: bags.reduce((sum, each) => sum + ordersOf(each.map(([, count]) => count)), 0),
    broken: brokenCount,
    examples: broken,
    ends: Object.fromEntries([...ends].sort(([a], [b]) => (a < b ? -1 : 1))),
    seconds: Math.round((performance.now() - from) / 100) / 10,
  }),
)
process.exitCode = brokenCount === 0 ? 0 : 1

/** How many different orders a bag has with so many of each kind: the multinomial coefficient. */
function ordersOf(counts: readonly number[]): number {
  let product = 1
  let length = 0
  for (const count of counts) for (let each = 1; each <= count; each++) product = (product * ++length) / each
  return Math.round(product)
}

/** Every order has a number: the order of that number, counted from the kinds as the bag lists them. */
function orderAt(bag: Bag, number: number): readonly Step[] {
  const left = bag.map(([, count]) => count)
  const order: Step[] = []
  let rest = number
  while (left.some((count) => count > 0)) {
    for (const [kind, [step]] of bag.entries()) {
      if (left[kind] === 0) continue
      left[kind] = (left[kind] ?? 0) - 1
      const below = ordersOf(left)
      if (rest < below) {
        order.push(step)
        break
      }
      rest -= below
      left[kind] = (left[kind] ?? 0) + 1
    }
  }
  return order
}

/** A step through the numbers that meets each once: prime to their count, and near its golden section. */
function strideFor(count: number): number {
  let stride = Math.floor(count * 0.618)
  while (divisor(stride, count) !== 1) stride++
  return stride
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}
