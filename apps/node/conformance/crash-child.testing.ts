/** The process that is killed: see `crash.testing.ts` for what it is told. */
import { writeSync } from 'node:fs'
import { accessMembers, goThroughAccess } from './access.testing.ts'
import type { ChildPlan } from './crash.testing.ts'
import { World } from './world.testing.ts'

const plan = JSON.parse(process.argv[2] ?? '{}') as ChildPlan

if (plan.role === 'hold') {
  await World.start({ data: plan.data, members: ['hospital-1'] })
  writeSync(1, 'held\n')
  setInterval(() => {}, 1_000_000)
} else {
  let writes = 0
  const names: string[] = []
  const die = (): void => {
    writeSync(1, `killed ${plan.side} write ${writes}: ${names.at(-1)}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
  const world = await World.start({
    data: plan.data,
    members: accessMembers,
    faults: {
      durable: (member) => (what, write) => {
        writes++
        names.push(`${member} ${what}`)
        if (writes === plan.write && plan.side === 'before') die()
        const value = write()
        if (writes === plan.write && plan.side === 'after') die()
        return value
      },
    },
  })
  await goThroughAccess(world)
  writeSync(1, `done after ${writes} writes\n`)
  process.exit(0)
}
