/** The whole sweep, which is too long for every test run: `node apps/node/conformance/sweep.ts [FROM] [STRIDE]`. */
import { sweepKills } from './sweep.testing.ts'

const [from = 1, stride = 1] = process.argv.slice(2).map(Number)
let points = 0
let killed = 0
let wrong = 0
for await (const point of sweepKills({ from, stride })) {
  points++
  if (point.killed !== null) killed++
  if (point.wrong.length > 0) wrong++
  console.log(JSON.stringify(point))
}
console.log(JSON.stringify({ points, killed, wrong }))
process.exitCode = wrong === 0 ? 0 : 1
