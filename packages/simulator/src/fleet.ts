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

/** How nodes seal; a market of bottles has no nodes, and nothing to seal. */
export type Sealing = 'bottles' | 'quick' | 'real'

/** One seed in twenty seals with the real X-Wing; the others with the stand-in of `quick-sealing.ts`. */
const realEvery = 20
export const sealingOf = (seed: number): Sealing => (seed % realEvery === 0 ? 'real' : 'quick')

/** A seed takes a second or two; one that takes so long hangs. */
const secondsPerSeedMax = 300

/**
 * Runs the seeds from `from` on, `count` of them, in `jobs` lanes, each with a process for either sealing; seeds begin in
 * their order, and `told` hears of each as it ends. A seed whose process dies or hangs is told as broken, and the next one
 * gets another process. Nothing goes on running after it has resolved.
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
  let next = from
  const lane = async (): Promise<void> => {
    const children = new Map<Sealing, ChildProcess>()
    try {
      while (next < from + count) {
        const seed = next++
        const kind = sealing(seed)
        const child = children.get(kind) ?? start(kind)
        children.set(kind, child)
        const outcome = await runOne(child, seed)
        if (typeof outcome !== 'string') {
          told(outcome)
          continue
        }
        told(withoutEnd(seed, outcome))
        child.kill('SIGKILL')
        children.delete(kind)
      }
    } finally {
      for (const child of children.values()) await stopped(child)
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, count) }, lane))
}

const withoutEnd = (seed: number, why: string): Told => ({
  seed,
  broken: `process: ${why}`,
  lines: [],
  counts: [],
  hash: '',
  seconds: 0,
  height: 0,
  took: 0,
})

function start(kind: Sealing): ChildProcess {
  return fork(fileURLToPath(new URL('main.ts', import.meta.url)), ['--child', kind], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
}

/** What a process says of a seed, or why it says nothing. */
function runOne(child: ChildProcess, seed: number): Promise<Told | string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(`no end within ${secondsPerSeedMax} s`), secondsPerSeedMax * 1000)
    const onExit = (code: number | null, signal: string | null): void => end(`it ended with ${code ?? signal}`)
    const onMessage = (message: unknown): void => end(message as Told)
    const end = (outcome: Told | string): void => {
      clearTimeout(timer)
      child.off('exit', onExit).off('message', onMessage)
      resolve(outcome)
    }
    child.once('exit', onExit).once('message', onMessage)
    child.send({ seed }, (error) => {
      if (error) end('it ended before the seed began')
    })
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
