/**
 * `npm run chaos`: a network of real processes under faults that a seed decides. Kill -9, pause and restart of nodes, of
 * the engines beside them and of both, one member or some, sometimes more than a third; envelopes all the time. Options:
 * `--minutes N` (1), or `--seconds N`; `--nodes N` (4); `--seed N` (1); `--report FILE` (Markdown). The exit status is 0 only
 * when all members have one history and every acknowledged envelope stands in it once.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readGenesis } from '@plexus/kernel'
import { allReach, check } from './checks.ts'
import { drawFault, drawFrom, sayFault, suffer } from './faults.ts'
import { type Acknowledged, offerOne, startLoad } from './load.ts'
import { Member, node } from './member.ts'

const nodesMax = 16
/** Engines that were started anew back off for up to half a minute, and catch up then. */
const healSecondsMax = 120
const quietMilliseconds = 1_500

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    nodes: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
  },
})

async function main(): Promise<number> {
  const nodes = Number(values.nodes)
  const seed = Number(values.seed)
  const seconds = values.seconds === undefined ? 60 * Number(values.minutes) : Number(values.seconds)
  if (!(Number.isInteger(nodes) && nodes >= 4 && nodes <= nodesMax && seconds > 0 && Number.isInteger(seed))) {
    console.error(`expected --minutes or --seconds above 0, --nodes from 4 to ${nodesMax}, --seed with a whole number`)
    return 2
  }
  const data = mkdtempSync(join(tmpdir(), 'plexus-chaos-'))
  const first = 20_000 + (randomBytes(2).readUInt16BE() % 20_000)
  const founding = ['--members', String(nodes), '--peer-port', String(first + nodes)]
  const { status } = spawnSync(process.execPath, [...node, 'network', 'init', '--data', data, ...founding, '--json'])
  const genesis = readGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor'))))
  if (status !== 0 || !genesis.ok) throw new Error('the network was not founded')
  const members = Array.from({ length: nodes }, (_, index) => new Member(data, `member-${index + 1}`, first + index))
  let holds = false
  try {
    await Promise.all(members.map((member) => member.start()))
    if (!(await allReach(members, 2, healSecondsMax))) throw new Error('no block came before the first fault')
    const load = startLoad(genesis.value, members)
    const draw = drawFrom(seed)
    const suffered: string[] = []
    const end = Date.now() + seconds * 1000
    while (Date.now() < end) {
      const fault = drawFault(draw, members)
      suffered.push(sayFault(fault))
      console.log(suffered.at(-1))
      await suffer(fault)
      await new Promise((resolve) => setTimeout(resolve, quietMilliseconds))
    }
    await load.stop()
    const last = await healed(() => Promise.all(members.map((member) => offerOne(genesis.value, member))))
    const all = [...load.acknowledged, ...last]
    const newest = Math.max(...all.map(({ height }) => height))
    const abreast = await allReach(members, newest, healSecondsMax)
    const found = abreast ? await check(members, all) : { height: 0, accepted: 0, wrong: ['not all members caught up'] }
    const report = reportOf({ seed, nodes, seconds, suffered, all, unanswered: load.unanswered(), found })
    console.log(report)
    if (values.report !== undefined) writeFileSync(values.report, report)
    holds = found.wrong.length === 0
    return holds ? 0 : 1
  } finally {
    await Promise.all(members.map((member) => member.kill('both')))
    if (holds) rmSync(data, { recursive: true, force: true })
    else console.error(`Everything is kept for who looks into it: ${data}`)
  }
}

/** After all faults every member takes an envelope again, within a while. */
async function healed(offer: () => Promise<readonly (Acknowledged | undefined)[]>): Promise<readonly Acknowledged[]> {
  const end = Date.now() + healSecondsMax * 1000
  for (;;) {
    const answers = await offer()
    const taken = answers.filter((answer) => answer !== undefined)
    if (taken.length === answers.length) return taken
    if (Date.now() > end) throw new Error(`${answers.length - taken.length} members took no envelope after the faults`)
  }
}

function reportOf(run: {
  readonly seed: number
  readonly nodes: number
  readonly seconds: number
  readonly suffered: readonly string[]
  readonly all: readonly Acknowledged[]
  readonly unanswered: number
  readonly found: Awaited<ReturnType<typeof check>>
}): string {
  const { seed, nodes, seconds, suffered, all, unanswered, found } = run
  const sorted = all.map((each) => each.seconds).sort((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(3)
  return `# Faults: seed ${seed}, ${nodes} nodes, ${(seconds / 60).toFixed(1)} minutes

${found.wrong.length === 0 ? '**All holds**' : '**Something does not hold**'}, on ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}).

- Blocks: ${found.height}, each the same bytes of header, app hash and time at all ${nodes} members.
- Envelopes: ${found.accepted} accepted, ${all.length} of them acknowledged, each in the block that was told and in no other; ${unanswered} were given up without an answer.
- From offering to acknowledgement, faults included: p50 ${at(0.5)} s, p95 ${at(0.95)} s, longest ${at(1)} s.
${found.wrong.map((each) => `- WRONG: ${each}\n`).join('')}
Faults in their order (${suffered.length}):

${suffered.map((each) => `1. ${each}`).join('\n')}
`
}

process.exitCode = await main()
