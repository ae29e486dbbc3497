/**
 * `npm run chaos`: a network of real processes under faults that a seed decides. Nodes, engines and both are killed, paused
 * and restarted, engines end at their own fail points, a node votes against everybody, roads between engines are cut and
 * slowed; from two minutes on, each scene of `scenes.ts` and `churn.ts` once; envelopes all the time. Options:
 * `--minutes N` (1), or `--seconds N`; `--nodes N` (4); `--seed N` (1); `--report FILE` (Markdown); `--scene WORDS` (no
 * faults, and only the scenes whose name has them). The exit status is 0 only when after each fault all members
 * have one history, every acknowledged envelope stands in it once, every engine asked in an order that is allowed, and
 * nothing was released that might not be (`visits.ts`).
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { allReach, Judge } from './checks.ts'
import { Churn } from './churn.ts'
import { drawFault, drawFrom, sayFault, shuffled, suffer } from './faults.ts'
import { enginesIn, foundIn } from './founding.ts'
import { Links } from './links.ts'
import { type Acknowledged, offerOne, startLoad } from './load.ts'
import { Member } from './member.ts'
import { reportOf } from './report.ts'
import { scenes } from './scenes.ts'
import { Visits } from './visits.ts'

const nodesMax = 16
/** Engines that were started anew back off for up to half a minute, and catch up then. */
const healSecondsMax = 180
const quietMilliseconds = 1_000
/** A shorter run has faults alone: the scenes take some minutes. */
const scenesSecondsMin = 120
/** Between two scenes. */
const faultsBetween = 2

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    nodes: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    scene: { type: 'string' },
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
  const chain = foundIn(data, nodes, first + nodes + 1)
  const links = await Links.open(enginesIn(chain))
  const members = Array.from({ length: nodes }, (_, index) => {
    const name = `member-${index + 1}`
    return new Member(data, name, first + index, links.peersOf(name))
  })
  const behind = first + 3 * nodes + 1
  const churn = new Churn(chain, data, members, { api: first + nodes, peer: behind, engine: behind + 1 })
  let holds = false
  try {
    const visits = new Visits(chain, data, members)
    const others = members.filter((member) => member !== visits.custodian)
    // A directory has one owner at a time.
    await Promise.all([...others.map((member) => member.start()), visits.importChart()])
    await visits.custodian.start()
    if (!(await allReach(members, 2, healSecondsMax))) throw new Error('no block came before the first fault')
    await visits.begin()
    const load = startLoad(chain, members)
    const judge = new Judge()
    const draw = drawFrom(seed)
    const suffered: { what: string; healedSeconds: number }[] = []
    const wrong: string[] = []
    const told = (): readonly Acknowledged[] => [...load.acknowledged, ...churn.acknowledged, ...visits.acknowledged]

    /** Then all members must come abreast, and everything is looked at. */
    const endure = async (what: string, happen: () => Promise<void>): Promise<void> => {
      console.log(what)
      visits.go()
      await happen()
      const from = performance.now()
      await abreast(members, told())
      suffered.push({ what, healedSeconds: (performance.now() - from) / 1000 })
      await judge.look(members, told())
      await visits.rest()
      wrong.push(...(await visits.look()))
      await new Promise((resolve) => setTimeout(resolve, quietMilliseconds))
    }
    const someFault = (): Promise<void> => {
      const fault = drawFault(draw, members)
      return endure(sayFault(fault), () => suffer(fault, links))
    }
    const victim = (among = members): Member => among[draw(among.length)] as Member
    const bystanders = members.filter((member) => !visits.parties.includes(member))
    const more = async (blocks: number, of: readonly Member[]): Promise<void> => {
      const height = (await of[0]?.height()) ?? 0
      if (!(await allReach(of, height + blocks, healSecondsMax))) throw new Error('the others do not go on')
    }

    const isWanted = (name: string): boolean =>
      values.scene === undefined ? seconds >= scenesSecondsMin : name.includes(values.scene)
    const someFaults = async (goesOn: (count: number) => boolean): Promise<void> => {
      for (let count = 0; goesOn(count) && judge.wrong.length + wrong.length === 0; count++) await someFault()
    }
    const end = Date.now() + seconds * 1000
    for (const { name, play, sparesVisits } of shuffled(draw, scenes)) {
      const whom = victim(sparesVisits ? bystanders : members)
      if (!isWanted(name)) continue
      if (values.scene === undefined) await someFaults((count) => count < faultsBetween)
      await endure(`${name} (${whom.name})`, () => play({ members, victim: whom, more, visits }))
    }
    if (isWanted(Churn.comesAndGoes)) await endure(Churn.comesAndGoes, () => churn.comeAndGo())
    if (values.scene === undefined) await someFaults(() => Date.now() < end)
    if (isWanted(Churn.signsTwice)) {
      const whom = victim()
      await endure(`${Churn.signsTwice} (${whom.name})`, () => churn.signTwice(whom))
    }
    await load.stop()
    const last = await allOffer(() => Promise.all(members.map((member) => offerOne(chain, member))))
    const acknowledged = [...told(), ...last]
    await abreast(members, acknowledged)
    await judge.look(members, acknowledged)
    const { height, accepted } = judge
    wrong.unshift(...judge.wrong)
    const unanswered = load.unanswered()
    const report = reportOf({
      seed,
      nodes,
      seconds,
      suffered,
      acknowledged,
      unanswered,
      height,
      accepted,
      visits,
      wrong,
    })
    console.log(report)
    if (values.report !== undefined) writeFileSync(values.report, report)
    holds = wrong.length === 0
    return holds ? 0 : 1
  } finally {
    await Promise.all([...members, churn.newcomer].map((member) => member.kill('both')))
    links.close()
    if (holds) rmSync(data, { recursive: true, force: true })
    else console.error(`Everything is kept for who looks into it: ${data}`)
  }
}

async function abreast(members: readonly Member[], acknowledged: readonly Acknowledged[]): Promise<void> {
  const newest = acknowledged.reduce((most, { height }) => Math.max(most, height), 0)
  if (!(await allReach(members, newest, healSecondsMax)))
    throw new Error(`after ${healSecondsMax} s not all members have block ${newest}`)
}

/** After all faults every member takes an envelope again, within a while. */
async function allOffer(offer: () => Promise<readonly (Acknowledged | undefined)[]>): Promise<readonly Acknowledged[]> {
  const end = Date.now() + healSecondsMax * 1000
  for (;;) {
    const answers = await offer()
    const taken = answers.filter((answer) => answer !== undefined)
    if (taken.length === answers.length) return taken
    if (Date.now() > end) throw new Error(`${answers.length - taken.length} members took no envelope after the faults`)
  }
}

process.exitCode = await main()
