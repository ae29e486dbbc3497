/** Kills a process at every durable write of an access, and looks at what the next one finds and makes of it. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessMembers, goThroughAccess, prepareAccess, whatIsWrong } from './access.testing.ts'
import { childOn } from './crash.testing.ts'
import { World } from './world.testing.ts'

/** Far above the writes of one access: a sweep that never gets through has no end otherwise. */
const writesMax = 1_000

export interface SweptPoint {
  readonly write: number
  readonly side: 'after' | 'before'
  /** Where the child was killed, in its own words; null when it got through. */
  readonly killed: string | null
  readonly wrong: readonly string[]
}

/** Sweeps the points `from`, `from + stride`, …, both before and after each write, until a child gets through alive. */
export async function* sweepKills({ from, stride }: { readonly from: number; readonly stride: number }) {
  const prepared = mkdtempSync(join(tmpdir(), 'plexus-sweep-'))
  try {
    const world = await World.start({ data: prepared, members: accessMembers })
    await prepareAccess(world)
    await world.close()
    for (let write = from; write < writesMax; write += stride) {
      const points: SweptPoint[] = []
      for (const side of ['before', 'after'] as const) points.push(await sweepOne(prepared, write, side))
      yield* points
      if (points.every(({ killed }) => killed === null)) return
    }
    throw new Error(`no access got through in ${writesMax} durable writes`)
  } finally {
    rmSync(prepared, { recursive: true, force: true })
  }
}

async function sweepOne(prepared: string, write: number, side: SweptPoint['side']): Promise<SweptPoint> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-killed-'))
  try {
    cpSync(prepared, data, { recursive: true })
    const child = childOn({ data, role: 'access', write, side })
    const { signal, code, said } = await child.ended
    if (signal !== 'SIGKILL' && code !== 0)
      return { write, side, killed: null, wrong: [`the child ended with ${code}: ${child.complaints()}`] }
    return { write, side, killed: signal === 'SIGKILL' ? said.trim() : null, wrong: await goOn(data) }
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

/** What is wrong after the access was gone on with, to its end; a hang is wrong too. */
async function goOn(data: string): Promise<readonly string[]> {
  const world = await World.start({ data, members: accessMembers })
  try {
    return whatIsWrong(world, await goThroughAccess(world))
  } catch (error) {
    return [`the access did not go on: ${error instanceof Error ? error.message : String(error)}`]
  } finally {
    await world.close()
  }
}
