/** Runs seeds in processes of their own, a few at a time: a world that hangs or eats memory takes no other with it. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './run.ts'

/** What a process says of one seed. */
export interface Told extends Omit<Outcome, 'counts'> {
  readonly counts: readonly (readonly [string, number])[]
  /** Seconds of a processor. */
  readonly took: number
}

export type Sealing = 'quick' | 'real'

/** One seed in twenty seals with the real X-Wing; the others with the stand-in of `quick-sealing.ts`. */
const realEvery = 20
export const sealingOf = (seed: number): Sealing => (seed % realEvery === 0 ? 'real' : 'quick')

/** A seed takes a second or two; one that takes so long hangs. */
const secondsPerSeedMax = 300

/**
 * Runs the seeds from `from` on, `count` of them, in `jobs` processes; `told` hears of each as it ends, in any order.
 * Rejects when a process dies or hangs, naming the seed. Nothing goes on running after it has resolved or rejected.
 */
export async function runSeeds({
  from,
  count,
  jobs,
  told,
  sealing = sealingOf,
}: {
  readonly from: number
  readonly count: number
  readonly jobs: number
  readonly told: (outcome: Told) => void
  readonly sealing?: (seed: number) => Sealing
}): Promise<void> {
  const seeds = Array.from({ length: count }, (_, index) => from + index)
  const waiting = {
    quick: seeds.filter((seed) => sealing(seed) === 'quick'),
    real: seeds.filter((seed) => sealing(seed) === 'real'),
  }
  const running = new Set<ChildProcess>()
  const lane = async (): Promise<void> => {
    for (const kind of ['real', 'quick'] as const) {
      if (waiting[kind].length === 0) continue
      const child = start(kind)
      running.add(child)
      try {
        for (let seed = waiting[kind].shift(); seed !== undefined; seed = waiting[kind].shift())
          told(await runOne(child, seed))
      } finally {
        running.delete(child)
        await stopped(child)
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, count) }, lane))
  } finally {
    for (const child of running) child.kill()
  }
}

function start(kind: Sealing): ChildProcess {
  return fork(fileURLToPath(new URL('main.ts', import.meta.url)), ['--child', kind], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
}

function runOne(child: ChildProcess, seed: number): Promise<Told> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      settle()
      reject(new Error(`seed ${seed}: ${why}`))
    }
    const timer = setTimeout(() => fail(`no end within ${secondsPerSeedMax} s`), secondsPerSeedMax * 1000)
    const onExit = (code: number | null, signal: string | null): void => fail(`its process ended: ${code ?? signal}`)
    const onMessage = (message: unknown): void => {
      settle()
      resolve(message as Told)
    }
    const settle = (): void => {
      clearTimeout(timer)
      child.off('exit', onExit).off('message', onMessage)
    }
    child.once('exit', onExit).once('message', onMessage)
    child.send({ seed })
  })
}

/** A child ends by itself when its line is closed. */
function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    if (child.connected) child.disconnect()
    else child.kill()
  })
}
