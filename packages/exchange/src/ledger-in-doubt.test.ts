/** Two ledgers that both hold: whatever stage an access has reached, no key leaves until that is over. */
import { decode } from '@plexus/codec'
import { type Receipt, receipt } from '@plexus/policy'
import { beforeEach, describe, expect, test } from 'vitest'
import { clinic, hospital } from './founding.testing.ts'
import { statementsIn } from './statement-groups.ts'
import { recordOf, World } from './world.testing.ts'

let world: World
let visit: Uint8Array

beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a'), recordOf('b')])
  visit = await world.checkedIn(await world.enrolled())
})

const decidedOnce = (): Promise<Uint8Array> => world.decidedOnce(world.ask(visit))

async function answered(): Promise<void> {
  await decidedOnce()
  world.block()
  await world.exchange(hospital).wake()
}

const releases = () => [...world.node(hospital).journal.entries('releases')].length
const source = (ask: Uint8Array) => world.exchange(clinic).requester.gathered(ask)?.sources[0]

/** What the hospital's receipts say, in the order of their numbers. */
function decisions(): readonly Receipt['decision']['type'][] {
  const found: Receipt[] = []
  for (const [, value] of world.node(hospital).journal.entries('statements'))
    for (const { type, statement } of statementsIn(world.chain.id, value)) {
      const read = type === 'receipt' ? decode(receipt, statement) : undefined
      if (read?.ok) found.push(read.value)
    }
  return found.sort((a, b) => a.number - b.number).map(({ decision }) => decision.type)
}

describe('T-08, INV-R2: no key leaves while there are two ledgers that both hold', () => {
  test('seen before the first decision: refused at once as if no block came', async () => {
    world.inDoubt = true
    const ask = await world.ask(visit)
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'refused', code: 'ledger-stale' })
    expect(releases()).toBe(0)
  })

  test('seen between the two decisions: void', async () => {
    const ask = await decidedOnce()
    world.inDoubt = true
    await world.settle()
    expect(source(ask)).toMatchObject({ state: 'refused', code: 'ledger-stale' })
    expect(decisions()).toEqual(['permit', 'void'])
    expect(releases()).toBe(0)
  })

  test('seen after the release: a repeat leaves nothing, until the doubt is over', async () => {
    await answered()
    await world.intercept(clinic)
    const repeated = async () => {
      world.time += 2
      await world.exchange(clinic).wake()
      await world.deliver(hospital)
      return (await world.intercept(clinic)).map((note) => (note.type === 'refusal' ? note.code : note.type))
    }
    world.inDoubt = true
    expect(await repeated()).toEqual(['ledger-stale'])
    world.inDoubt = false
    expect(await repeated()).toEqual(['answer'])
  })
})
