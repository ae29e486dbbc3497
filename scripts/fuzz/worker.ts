/** A thread that explores targets. What it runs at the moment stands in shared memory, for when it never comes back. */
import { parentPort, workerData } from 'node:worker_threads'
import { keptInputs } from './corpus.ts'
import { countBranches } from './loader.ts'

export interface Work {
  /** Alone in its thread a target is the same in every run; together they share what is loaded, and start sooner. */
  readonly targets: readonly string[]
  readonly seed: number
  readonly executionsMax: number
  readonly secondsMax: number
  /** Two numbers, runs of all targets and length of the input, and the input. */
  readonly shared: SharedArrayBuffer
}

/** Bytes before the input in shared memory. */
export const sharedHeadBytes = 8

if (parentPort) {
  const { targets: names, seed, executionsMax, secondsMax, shared } = workerData as Work
  // Before anything of the packages is loaded.
  countBranches()
  const { explore } = await import('./explore.ts')
  const { targets } = await import('./targets.ts')
  const numbers = new Uint32Array(shared, 0, 2)
  const held = new Uint8Array(shared, sharedHeadBytes)
  const about = (input: Uint8Array): void => {
    held.set(input.subarray(0, held.length))
    numbers[0] = (numbers[0] as number) + 1
    numbers[1] = Math.min(input.length, held.length)
  }
  for (const name of names) {
    const target = targets.find((each) => each.name === name)
    if (!target) throw new Error(`no target ${name}`)
    const subject = await target.load(seed)
    const seeds = [...subject.seeds, ...keptInputs(name)]
    parentPort.postMessage(await explore({ ...subject, seeds }, { seed, executionsMax, secondsMax, about }))
  }
}
