/** What changed since the patient was here last is told from the records of both asks, by whatever name the patient had. */
import { utf8 } from '@plexus/codec'
import { beforeEach, describe, expect, test } from 'vitest'
import { clinic, hospital, patient } from './founding.testing.ts'
import { changesBetween } from './view.ts'
import { recordOf, World } from './world.testing.ts'

const allergy = recordOf('c', {
  source: 'AllergyIntolerance/c',
  resourceType: 'AllergyIntolerance',
  bytes: utf8('{"resourceType":"AllergyIntolerance","id":"c","code":{"text":"Penicillin"}}'),
})

let world: World
beforeEach(async () => {
  world = await World.start()
  await world.register([recordOf('a')])
})

async function asked(visit: Uint8Array | undefined): Promise<Uint8Array> {
  const ask = await world.ask(visit ?? new Uint8Array(16))
  await world.settle()
  return ask
}

const earlier = (ask: Uint8Array) => world.exchange(clinic).earlierThan(ask)

function changes(ask: Uint8Array): readonly unknown[] {
  const now = world.exchange(clinic).requester.gathered(ask)
  const before = earlier(ask)
  if (!now || !before) throw new Error('there is nothing to compare')
  return changesBetween(before.gathered, now).changes.map((change) => [
    change.type,
    change.type === 'gone' ? change.before.display : change.line.display,
  ])
}

describe('the ask before', () => {
  test('is that of the same patient with the same wallet, and what came since is new', async () => {
    const client = await world.enrolled()
    const first = await asked(await world.checkedIn(client))
    expect(earlier(first)).toBeUndefined()
    await world.register([allergy])
    const second = await asked(await world.checkedIn(client))
    expect(earlier(second)?.gathered.ask).toEqual(first)
    expect(changes(second)).toEqual([['new', 'Penicillin']])
    world.restart(clinic)
    expect(changes(second)).toEqual([['new', 'Penicillin']])
  })

  test('is the same on any later day: what is asked afterwards does not change it', async () => {
    const client = await world.enrolled()
    const asks: Uint8Array[] = []
    for (let round = 0; round < 3; round++) asks.push(await asked(await world.checkedIn(client)))
    expect(earlier(asks[1] ?? new Uint8Array(0))?.gathered.ask).toEqual(asks[0])
    expect(earlier(asks[2] ?? new Uint8Array(0))?.gathered.ask).toEqual(asks[1])
  })

  test('is none of another patient, and none that brought nothing', async () => {
    await world.exchange(hospital).run(({ custody }) => custody.register(hospital, 'chart-2', [allergy]))
    const [one, other, again] = await world.selfAsserted([patient, 'chart-2', patient])
    await asked(one)
    expect(earlier(await asked(other))).toBeUndefined()
    expect(earlier(await asked(again))).toBeDefined()
    const [unknown, twice] = await world.selfAsserted(['chart-3', 'chart-3'])
    await asked(unknown)
    expect(earlier(await asked(twice))).toBeUndefined()
  })
})
