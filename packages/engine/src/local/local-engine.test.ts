import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fromHex } from '@plexus/codec'
import { expect, test } from 'vitest'
import { Crash, openFileLedger } from './file-ledger.testing.ts'
import { type SubmitAnswer, startLocalEngine } from './local-engine.ts'
import { endOf, engineSeed, idOf, memberNames, note } from './notes.testing.ts'
import { createReplica, Fork } from './replica.ts'
import { createSequencer } from './sequencer.ts'
import { virtualTime } from './virtual-time.testing.ts'
import { machine, start, temporaryDirectory, type World, world } from './world.testing.ts'

/** A small generator with a seed: the same history on every run. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function randomHistory(seed: number): World {
  const made = world()
  const pick = chance(seed)
  for (let step = 0; step < 120; step++) {
    const member = memberNames[pick(4)] ?? 'clinic-a'
    const { link } = made.engine.member(memberNames[pick(4)] ?? 'clinic-a')
    const action = pick(10)
    if (action === 0) link.cut()
    else if (action <= 2) link.heal()
    else if (action === 3) link.setDelay(pick(3_000))
    else made.write(member, `note-${pick(6)}`, pick(2) === 0 ? 'write' : 'wipe')
    made.time.run(pick(20) / 10)
  }
  for (const member of memberNames) {
    made.engine.member(member).link.heal()
    made.engine.member(member).link.setDelay(20)
  }
  made.time.run(30)
  return made
}

test.each([1, 2, 3])('four replicas agree on every random history of notes, delays and cut lines (seed %i)', (seed) => {
  const { tips, stores, failures } = randomHistory(seed)
  expect(new Set(tips()).size).toBe(1)
  expect(failures).toEqual([])
  const codes = Array.from({ length: stores.get('sequencer')?.tip()?.height ?? 0 }, (_, index) =>
    stores
      .get('clinic-b')
      ?.block(index + 1)
      ?.outcomes.map(({ code }) => code),
  ).flat()
  expect(codes.filter((code) => code === 0).length).toBeGreaterThan(15)
})

test('an empty block follows every five seconds, and reaches every member', () => {
  const { engine, time, stores, write } = world()
  time.run(60.5)
  const heights = [...stores.values()].map((store) => store.tip()?.height)
  expect(heights).toEqual([13, 13, 13, 13, 13])
  const times = Array.from({ length: 13 }, (_, index) => (stores.get('clinic-a')?.block(index + 1)?.time ?? 0) - start)
  expect(times).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60])
  const underWay = write('clinic-a', 'a')
  engine.stop()
  expect(underWay.answer).toEqual({ ok: false, reason: { type: 'stopped' } })
  expect(time.pending()).toBe(0)
})

test('an envelope is answered once its own member has it durably, not before', () => {
  const { engine, time, write, stores } = world()
  time.run(1)
  engine.member('clinic-a').link.setDelay(1_000)
  const written = write('clinic-a', 'a')
  time.run(1.5)
  // In a block, and applied by the others.
  expect(stores.get('clinic-b')?.transactionPlace(idOf(written.envelope), endOf(written.envelope))).toEqual({
    height: 2,
    index: 0,
  })
  expect(written.answer).toBeUndefined()
  time.run(1)
  expect(written.answer).toEqual({ ok: true, value: { height: 2, index: 0, outcome: { space: 'kernel', code: 0 } } })
  expect(stores.get('clinic-a')?.transactionPlace(idOf(written.envelope), endOf(written.envelope))).toEqual({
    height: 2,
    index: 0,
  })
})

test('an envelope sent again waits for the one block, or is answered from it', () => {
  const { engine, time, write } = world()
  time.run(1)
  const first = write('clinic-a', 'a')
  const answers: SubmitAnswer[] = []
  engine.member('clinic-b').offer(first.envelope, (answer) => answers.push(answer))
  time.run(1)
  engine.member('clinic-c').offer(first.envelope, (answer) => answers.push(answer))
  expect(answers).toEqual([first.answer, first.answer])
  expect(first.answer).toMatchObject({ ok: true, value: { height: 2 } })
})

test('a refusal of the sequencer comes back over the line; what was refused once may be offered again', () => {
  const { engine, time, write } = world()
  time.run(1)
  expect(engine.member('clinic-a').replica.height()).toBe(1)
  const refused = write('clinic-a', 'a', 'wipe')
  time.run(1)
  expect(refused.answer).toMatchObject({ ok: false, reason: { type: 'refused', space: 'notes', code: 2 } })
  write('clinic-b', 'a')
  time.run(1)
  let again: SubmitAnswer | undefined
  engine.member('clinic-a').offer(refused.envelope, (answer) => {
    again = answer
  })
  time.run(1)
  expect(again).toMatchObject({ ok: true, value: { outcome: { code: 0 } } })
  let unreadable: SubmitAnswer | undefined
  engine.member('clinic-a').offer(new Uint8Array(3), (answer) => {
    unreadable = answer
  })
  expect(unreadable).toMatchObject({ ok: false, reason: { reason: 'malformed' } })
})

test('behind a cut line nothing is sent; what was under way is answered when it can no longer come', () => {
  const { engine, time, write } = world()
  time.run(1)
  const { link } = engine.member('clinic-a')
  const lost = write('clinic-a', 'lost')
  link.cut()
  const unsent = write('clinic-a', 'unsent')
  expect(unsent.answer).toEqual({ ok: false, reason: { type: 'sequencer-unreachable' } })
  time.run(90)
  expect(lost.answer).toBeUndefined()
  link.heal()
  time.run(10)
  expect(lost.answer).toEqual({ ok: false, reason: { type: 'expired' } })
})

test('a member behind a cut line catches up when it heals, and the others never waited', () => {
  const { engine, time, write, stores, tips } = world()
  time.run(1)
  const { link, replica } = engine.member('clinic-d')
  link.cut()
  for (let count = 0; count < 60; count++) {
    write('clinic-a', `a-${count}`)
    time.run(0.5)
  }
  expect(stores.get('clinic-a')?.tip()?.height).toBe(61)
  expect(replica.height()).toBe(1)
  const heard: number[] = []
  replica.onApplied(({ height }) => heard.push(height))
  link.heal()
  time.run(0.5)
  expect(heard).toEqual(Array.from({ length: 60 }, (_, index) => index + 2))
  expect(new Set(tips()).size).toBe(1)
})

test('blocks that were lost under way are sent again', () => {
  const { engine, time, write, tips } = world()
  time.run(1)
  const { link } = engine.member('clinic-d')
  for (let round = 0; round < 2; round++) {
    link.setDelay(3_600_000)
    for (let count = 0; count < 20; count++) {
      write('clinic-a', `${round}-${count}`)
      time.run(0.1)
    }
    link.cut()
    link.setDelay(20)
    link.heal()
    time.run(2)
    expect(new Set(tips()).size).toBe(1)
  }
})

test('an envelope that its block refused may be offered again, and is answered from the new block', () => {
  const { engine, time, write } = world()
  time.run(1)
  const first = write('clinic-a', 'x')
  const second = write('clinic-a', 'x')
  time.run(1)
  expect(first.answer).toMatchObject({ ok: true, value: { height: 2, outcome: { code: 0 } } })
  expect(second.answer).toMatchObject({ ok: true, value: { height: 2, outcome: { space: 'notes', code: 1 } } })
  write('clinic-b', 'x', 'wipe')
  time.run(1)
  const answers: SubmitAnswer[] = []
  engine.member('clinic-a').offer(second.envelope, (answer) => answers.push(answer))
  time.run(1)
  expect(answers).toMatchObject([{ ok: true, value: { height: 4, outcome: { code: 0 } } }])
})

test('a replica that was restarted goes on from its disk', () => {
  const directory = temporaryDirectory()
  const { engine, time, write, stores, failures } = world({ directory })
  write('clinic-b', 'a')
  time.run(7)
  const gone = engine.member('clinic-b')
  engine.detach('clinic-b')
  stores.get('clinic-b')?.close()
  for (const name of ['b', 'c', 'd']) write('clinic-a', name)
  time.run(20)
  // Nothing reaches a replica whose process ended, whatever becomes of its line.
  gone.link.heal()
  time.run(1)

  const store = openFileLedger(machine, join(directory, 'clinic-b'))
  const before = store.tip()?.height ?? 0
  expect(before).toBeGreaterThan(1)
  const replica = createReplica({ machine, store, member: 'clinic-b' })
  const heard: number[] = []
  replica.onApplied(({ height }) => heard.push(height))
  const member = engine.attach(replica)
  time.run(1)
  expect(heard[0]).toBe(before + 1)
  expect(store.tip()).toEqual(stores.get('clinic-a')?.tip())
  const written: SubmitAnswer[] = []
  member.offer(note(machine, 'clinic-b', { type: 'write', name: 'e' }, time.clock.now()), (answer) =>
    written.push(answer),
  )
  time.run(1)
  expect(written).toMatchObject([{ ok: true, value: { outcome: { code: 0 } } }])
  expect(failures).toEqual([])
})

test('a sequencer that lost blocks orders nothing anew over a replica that has them', () => {
  const { time, stores } = world()
  time.run(11)
  const ahead = stores.get('clinic-a')
  if (!ahead) throw new Error('the world has this member')
  const sequencer = createSequencer({ machine, store: openFileLedger(machine), seed: engineSeed })
  const replicas = [createReplica({ machine, store: ahead, member: 'clinic-a' })]
  const { clock, schedule } = virtualTime(start)
  expect(() => startLocalEngine({ sequencer, replicas, clock, schedule, onFailure: () => {} })).toThrow(/height 3/)
})

test('a replica whose state differs stops alone, with both hashes', () => {
  const { engine, time, stores, failures, tips } = world()
  time.run(1)
  const store = stores.get('clinic-c')
  const tip = store?.tip()
  if (!store || !tip) throw new Error('the world has this member')
  engine.detach('clinic-c')
  const wrong = { ...store, tip: () => ({ ...(store.tip() ?? tip), appHash: new Uint8Array(32).fill(1) }) }
  engine.attach(createReplica({ machine, store: wrong, member: 'clinic-c' }))
  time.run(20)
  expect(failures).toHaveLength(1)
  expect(failures[0]?.[0]).toBe('clinic-c')
  const error = failures[0]?.[1]
  expect(error).toBeInstanceOf(Fork)
  expect(error).toMatchObject({ height: 2, what: 'app-hash', own: new Uint8Array(32).fill(1), received: tip.appHash })
  expect(new Set(tips()).size).toBe(2)
  expect(stores.get('clinic-d')?.tip()?.height).toBe(5)
})

const points = ['before-durable', 'after-durable'] as const
const victims = ['sequencer', 'clinic-a', 'clinic-b'] as const
test.each(
  victims.flatMap((first) =>
    victims.flatMap((second) => points.flatMap((one) => points.map((two) => [first, one, second, two] as const))),
  ),
)('after %s dies %s and %s dies %s, all converge and nothing acknowledged is missing', (first, one, second, two) => {
  const directory = temporaryDirectory()
  const members = ['clinic-a', 'clinic-b']
  const acknowledged: { readonly member: string; readonly envelope: Uint8Array }[] = []
  let at = start
  for (const [round, [victim, point]] of [[first, one] as const, [second, two] as const].entries()) {
    const { engine, time, stores, write, failures } = world({ members, directory, at })
    const written = members.map((member) => ({ member, note: write(member, `before-${round}-${member}`) }))
    time.run(1)
    stores.get(victim)?.crashNext(point)
    written.push(...members.map((member) => ({ member, note: write(member, `during-${round}-${member}`) })))
    time.run(1)
    expect(failures.map(([name, error]) => [name ?? 'sequencer', error])).toEqual([[victim, expect.any(Crash)]])
    for (const { member, note: made } of written)
      if (made.answer?.ok) acknowledged.push({ member, envelope: made.envelope })
    // The process of all of them dies here.
    engine.stop()
    for (const store of stores.values()) store.close()
    at = time.clock.now() + 1
  }
  const { time, stores, tips, failures, write } = world({ members, directory, at })
  for (const { member, envelope } of acknowledged) {
    const place = stores.get(member)?.transactionPlace(idOf(envelope), endOf(envelope))
    expect(stores.get(member)?.block(place?.height ?? -1)?.outcomes[place?.index ?? -1]?.code).toBe(0)
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(4)
  const last = write('clinic-b', 'last')
  time.run(1)
  expect(last.answer).toMatchObject({ ok: true, value: { outcome: { code: 0 } } })
  expect(new Set(tips()).size).toBe(1)
  expect(failures).toEqual([])
})

test('kill -9 of a running engine loses nothing that was acknowledged, and its parts converge', async () => {
  const directory = temporaryDirectory()
  const members = ['clinic-a', 'clinic-b']
  const acknowledged: string[] = []
  for (const [round, lines] of [3, 25].entries()) {
    const at = start + 1_000 * round
    const child = spawn(
      process.execPath,
      [new URL('./running-child.testing.ts', import.meta.url).pathname, directory, String(at)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const said: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line)
      if (said.length === lines) child.kill('SIGKILL')
    }
    expect(said.length).toBeGreaterThanOrEqual(lines)
    acknowledged.push(...said)

    const { time, stores, tips, failures, engine } = world({ members, directory, at: at + 500 })
    for (const line of acknowledged) {
      const [member = '', id = '', end, height] = line.split(' ')
      expect(stores.get(member)?.transactionPlace(fromHex(id), Number(end))?.height).toBe(Number(height))
    }
    time.run(1)
    expect(new Set(tips()).size).toBe(1)
    expect(failures).toEqual([])
    engine.stop()
    for (const store of stores.values()) store.close()
  }
})

test('what is under way on a line keeps its order when the delay shrinks, and is gone when the line is cut', () => {
  const { time, engine, stores } = world({ members: ['clinic-a'] })
  const { link } = engine.member('clinic-a')
  const order: number[] = []
  link.setDelay(500)
  link.up(() => order.push(1))
  link.setDelay(1)
  link.up(() => order.push(2))
  time.run(0.4)
  expect(order).toEqual([])
  time.run(0.2)
  expect(order).toEqual([1, 2])
  link.up(() => order.push(3))
  link.cut()
  time.run(1)
  link.heal()
  time.run(1)
  expect(order).toEqual([1, 2])
  expect(stores.get('clinic-a')?.tip()?.height).toBe(1)
})

test('the same history gives the same blocks', () => {
  const [first, second] = [randomHistory(4), randomHistory(4)]
  // Envelopes differ in their nonces, so outcomes and times are what can be compared.
  const shape = ({ stores }: World) =>
    Array.from({ length: stores.get('sequencer')?.tip()?.height ?? 0 }, (_, index) => {
      const block = stores.get('clinic-a')?.block(index + 1)
      return [block?.time, block?.outcomes]
    })
  expect(shape(first)).toEqual(shape(second))
  expect(shape(first).length).toBeGreaterThan(10)
})
