/** T-13 at length: `node packages/sdk/src/forged-proofs-child.testing.ts --proofs 10000 --random 1000000`. */
import { parseArgs } from 'node:util'
import { forgeFromNothing, forgeStateProofs, forgeTreeProofs } from './forged-proofs.testing.ts'

const { values } = parseArgs({
  options: { proofs: { type: 'string', default: '10000' }, random: { type: 'string', default: '1000000' } },
})
const done = [
  forgeStateProofs(Number(values.proofs) / 2),
  forgeTreeProofs(Number(values.proofs) / 4),
  forgeFromNothing(Number(values.random)),
]
const sum = (of: (each: (typeof done)[number]) => number): number => done.reduce((all, each) => all + of(each), 0)
const accepted = sum((each) => each.accepted)
console.log(JSON.stringify({ proofs: sum((each) => each.proofs), forgeries: sum((each) => each.forgeries), accepted }))
process.exitCode = accepted === 0 ? 0 : 1
