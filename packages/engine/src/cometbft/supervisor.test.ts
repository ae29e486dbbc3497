import { spawn } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLedgerStore } from '@plexus/store'
import { expect, onTestFinished, test } from 'vitest'
import { virtualTime } from '../local/virtual-time.testing.ts'
import { endLeftEngine } from './engine-process.ts'
import {
  admits,
  chainOf,
  folderIn,
  machineOf,
  networkDirectory,
  nodeSeedOf,
  opening,
  sockets,
  validatorSeedOf,
  validators,
} from './network.testing.ts'
import { type CometEngineOptions, type EngineEvent, sayClockBehind, startCometEngine } from './supervisor.ts'

const foundedAt = 1_700_000_000
const chain = chainOf(foundedAt)

/** A program in place of the engine: what it does at each start. */
function parts(script: string, at = foundedAt + 10) {
  const directory = networkDirectory()
  const program = join(directory, 'engine-program')
  writeFileSync(program, `#!/bin/sh\n${script}\n`)
  chmodSync(program, 0o755)
  const { machine, signatures } = machineOf(chain, { verify: async () => [] })
  const store = openLedgerStore(join(directory, 'ledger'), { chain: chain.id })
  onTestFinished(() => store.close())
  const time = virtualTime(at)
  const events: EngineEvent[] = []
  const heard: (() => void)[] = []
  const options: CometEngineOptions = {
    home: {
      directory: join(directory, 'engine'),
      chain,
      member: 'alder',
      validatorSeed: validatorSeedOf('alder'),
      nodeSeed: nodeSeedOf('alder'),
      listen: { host: '127.0.0.1', port: 1 },
      peers: [],
    },
    program,
    machine,
    store,
    signatures,
    validators,
    admits,
    sockets,
    clock: time.clock,
    schedule: time.schedule,
    onEvent(event) {
      events.push(event)
      for (const each of heard) each()
    },
    onFailure(error) {
      throw error
    },
  }
  /** Until so many ends of the engine were told. */
  const ends = (count: number): Promise<readonly number[]> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = events.flatMap((event) => (event.type === 'engine-ended' ? [event.againInMilliseconds] : []))
        if (found.length >= count) resolve(found)
      }
      heard.push(look)
      look()
    })
  return { options, time, directory, ends, events }
}

async function started(options: CometEngineOptions) {
  const engine = await startCometEngine(options)
  if (!engine.ok) throw new Error(engine.reason.type)
  onTestFinished(engine.value.stop)
  return engine.value
}

/** Real processes end in real time; what waits for a timer afterwards waits in ours. */
const turns = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

test('an engine that ends is started again, later each time, and says why it ended', async () => {
  const { options, time, ends, events } = parts('echo "out of room" >&2; exit 3')
  await started(options)
  for (let count = 1; count <= 3; count++) {
    const waits = await ends(count)
    expect(waits).toEqual([250, 500, 1_000].slice(0, count))
    await turns()
    time.run(2)
  }
  const [end] = events.filter(({ type }) => type === 'engine-ended')
  expect(end).toMatchObject({ exit: { code: 3, signal: null, lastWords: 'out of room\n' } })
})

test('an engine that cannot be started is tried again too', async () => {
  const { options, ends } = parts('')
  await started({ ...options, program: '/nowhere/cometbft' })
  expect(await ends(1)).toEqual([250])
})

test.each([
  [
    'error during handshake: error on replay: app block height (12) is higher than core (7)',
    /ends at block 7, the ledger at 12/,
  ],
  ['panic: state.AppHash does not match AppHash after replay. Got 00, expected 01.', /another application hash/],
])('an engine’s directory that does not belong to the ledger is no trouble to wait out: %s', async (words, said) => {
  const { options, time, events } = parts(`echo "${words}" >&2; exit 1`)
  const failed = Promise.withResolvers<unknown>()
  await started({ ...options, onFailure: failed.resolve })
  expect(String(await failed.promise)).toMatch(said)
  time.run(120)
  expect(events.map(({ type }) => type)).toEqual(['engine-started'])
})

test('a stop ends the engine, and nothing starts again', async () => {
  const { options, time, events } = parts('trap "exit 0" TERM; while :; do sleep 0.01; done')
  const engine = await started(options)
  const answer = engine.member.submit(opening(chain, 'alder', 'one', foundedAt))
  expect(await answer).toEqual({ ok: false, reason: { type: 'sequencer-unreachable' } })
  await engine.stop()
  time.run(120)
  expect(events.map(({ type }) => type)).toEqual(['engine-started'])
  expect(engine.isUp()).toBe(false)
})

test('a socket that a crash left is no hindrance', async () => {
  const { options, directory, events } = parts('exec sleep 5')
  const first = await started(options)
  await first.stop()
  writeFileSync(join(directory, 'engine', 'app.sock'), '')
  const second = await started(options)
  expect(events.at(-1)?.type).toBe('engine-started')
  await second.stop()
})

test('a clock that is behind the ledger is told before anything starts', async () => {
  const { options, events } = parts('exit 0', foundedAt - 61)
  const refused = await startCometEngine(options)
  expect(refused).toEqual({ ok: false, reason: { type: 'clock-behind', seconds: 61 } })
  expect(sayClockBehind(61)).toContain('61 s')
  expect(events).toEqual([])
})

test('the engine is told nothing of our surroundings', async () => {
  const { options, directory, ends } = parts('env > "$3/../said"; exit 0')
  await started({ ...options, environment: { FAIL_TEST_INDEX: '3' } })
  await ends(1)
  const names = readFileSync(join(directory, 'said'), 'utf8')
    .split('\n')
    .map((line) => line.split('=')[0])
  expect(names).toContain('FAIL_TEST_INDEX')
  expect(names).not.toContain('HOME')
})

test('an engine that a killed node left behind is ended first, and no other process', async () => {
  const { options, directory } = parts('exec sleep 30')
  const left = (home: string) => {
    const child = spawn('sh', ['-c', 'sleep 30', 'engine', 'start', '--home', home], { stdio: 'ignore' })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const home = join(directory, 'engine')
  const [own, other] = [left(home), left(join(directory, 'other'))]
  const gone = new Promise((resolve) => own.on('exit', (_code, signal) => resolve(signal)))
  const file = join(folderIn(directory, 'engine'), 'engine.pid')
  writeFileSync(file, `${other.pid}`)
  expect(endLeftEngine(home)).toBe(false)
  expect(other.exitCode ?? other.signalCode).toBe(null)
  writeFileSync(file, `${own.pid}`)
  await started(options)
  expect(await gone).toBe('SIGKILL')
})

test('an engine that runs and makes no block is started anew, with more patience each time', async () => {
  const { options, time, ends, events } = parts('exec sleep 30')
  await started(options)
  const still = (): readonly number[] =>
    events.flatMap((event) => (event.type === 'engine-still' ? [event.seconds] : []))
  time.run(59)
  expect(still()).toEqual([])
  time.run(1)
  expect(still()).toEqual([60])
  expect(await ends(1)).toEqual([250])
  await turns()
  time.run(1)
  await turns()
  time.run(118)
  expect(still()).toEqual([60])
  time.run(3)
  expect(still()).toEqual([60, 120])
})
