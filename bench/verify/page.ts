/** What runs in the browser: the same verification as in suite `light`, timed there. */
import { type KeptAccess, type VerifiedOnce, verifierOf } from '../light/verify-once.ts'

export interface Timed {
  readonly milliseconds: readonly number[]
  readonly answers: readonly VerifiedOnce[]
}

async function verifyTimes(kept: KeptAccess, times: number): Promise<Timed> {
  const verifyOnce = verifierOf(kept)
  const milliseconds: number[] = []
  const answers: VerifiedOnce[] = []
  for (let turn = 0; turn < times; turn++) {
    const from = performance.now()
    answers.push(await verifyOnce())
    milliseconds.push(performance.now() - from)
  }
  return { milliseconds, answers }
}

Object.assign(globalThis, { plexusVerify: verifyTimes })
