/** What a bad day holds once: longer troubles, each with an end that is known, and what must be seen on the way there. */
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { command, type Member } from './member.ts'
import type { Visits } from './visits.ts'

export interface Stage {
  readonly members: readonly Member[]
  /** Whom it befalls. */
  readonly victim: Member
  /** Until every one of these has so many blocks more than the first of them has now. */
  more(blocks: number, of: readonly Member[]): Promise<void>
  readonly visits: Visits
}

export interface Scene {
  readonly name: string
  /** A folder goes back in time: whoever visits or is visited would go on as after a restore, which waits for ten minutes. */
  readonly sparesVisits?: true
  /** Resolves when all is healed. Rejects when something was not seen that must be. */
  play(stage: Stage): Promise<void>
}

/** A node looks at its disk with each block, and one comes every five seconds at the latest. */
const endsSecondsMax = 120
/** Custodians stop releasing on a block that is older than 15 s; a network that stands longer says so. */
const haltMilliseconds = 20_000

export const scenes: readonly Scene[] = [
  {
    name: 'more than a third away: no block comes, whoever is left says so, and all goes on afterwards',
    async play({ members, visits }) {
      // Whoever asks, and is asked, stays: they are to say what is the matter.
      const others = members.filter((each) => each !== visits.custodian && each !== visits.asker)
      const away = others.slice(0, Math.ceil(members.length / 3))
      const left = members.filter((each) => !away.includes(each))
      await visits.rest()
      const visit = await visits.checkIn()
      await Promise.all(away.map((each) => each.kill('both')))
      // What had its votes already may still come.
      await pause(2_000)
      const before = await Promise.all(left.map((each) => each.height()))
      await pause(haltMilliseconds)
      const after = await Promise.all(left.map((each) => each.height()))
      must(`${before}` === `${after}`, `blocks came without two thirds: ${before} and then ${after}`)
      const ready = await Promise.all(left.map((each) => each.ready()))
      must(!ready.includes(true), 'a node calls itself ready on a block of long ago')
      const ask = await visits.ask(visit)
      const { settled, sources } = await visits.shown(ask)
      const says = sources.map(({ state, code, exception }) => `${state} ${code} ${exception}`)
      must(!settled && `${says}` === 'committing ledger-stale 171.204(a)(1)', `whoever asks is told: ${says}`)
      await Promise.all(away.map((each) => each.start()))
      visits.go()
    },
  },
  {
    name: 'a full disk: the node ends and says why, and goes on when there is room',
    async play({ victim }) {
      const full = `${victim.folder}.full`
      await endsWell(victim)
      await victim.start({ full })
      writeFileSync(full, '')
      const status = await victim.endsBy(endsSecondsMax)
      rmSync(full)
      must(status === 1, `a node without room ended with ${status}`)
      must(victim.log.includes('ENOSPC'), 'a node without room did not say so')
      await victim.kill('both')
      await victim.start()
    },
  },
  {
    name: 'an older ledger under a newer engine: it is played what it lacks',
    sparesVisits: true,
    async play({ members, victim, more }) {
      const { folder } = victim
      await endsWell(victim)
      keepCopy(folder, `${folder}.old`, 'all but the engine')
      await victim.start()
      await more(5, members)
      await endsWell(victim)
      const engine = join(folder, 'engine')
      renameSync(engine, `${folder}.engine`)
      putBack(`${folder}.old`, folder)
      renameSync(`${folder}.engine`, engine)
      await victim.start()
    },
  },
  {
    name: 'an older engine under a newer ledger: it is refused with the reason, and nothing is signed twice',
    async play({ members, victim, more }) {
      const engine = join(victim.folder, 'engine')
      await endsWell(victim)
      cpSync(engine, `${engine}.old`, { recursive: true })
      await victim.start()
      await more(5, members)
      await endsWell(victim)
      renameSync(engine, `${engine}.new`)
      putBack(`${engine}.old`, engine)
      await victim.start().catch(() => {})
      const status = await victim.endsBy(endsSecondsMax)
      must(status === 1, `a node with an engine from before ended with ${status}`)
      must(victim.log.includes('an older one was put back'), 'a node with an engine from before did not say so')
      putBack(`${engine}.new`, engine)
      await victim.start()
    },
  },
  {
    name: 'a node that tells its engine another hash: the others go on, it stands, and comes back from before',
    sparesVisits: true,
    async play({ members, victim, more }) {
      const { folder } = victim
      const others = members.filter((each) => each !== victim)
      await endsWell(victim)
      keepCopy(folder, `${folder}.old`, 'all')
      await victim.start({ wrongHash: true })
      const from = await victim.height()
      await more(5, others)
      const stands = await victim.height()
      must(stands <= from + 2, `a node whose hashes are wrong went on from block ${from} to ${stands}`)
      await victim.kill('both')
      await victim.start().catch(() => {})
      const status = await victim.endsBy(endsSecondsMax)
      must(status === 1, `a node beside an engine that it lied to ended with ${status}`)
      must(victim.log.includes('another application hash'), 'a node beside an engine that it lied to did not say so')
      const signed = readFileSync(signedLast(folder))
      putBack(`${folder}.old`, folder)
      // What was signed last must never be forgotten with the rest.
      writeFileSync(signedLast(folder), signed, { mode: 0o600 })
      await victim.start()
    },
  },
  {
    name: 'a member that is put back from its backup: it takes every block, and signs when the others have moved on',
    sparesVisits: true,
    async play({ members, victim, more }) {
      const { folder, name } = victim
      const data = dirname(folder)
      // Beside the data directory: a backup in it would go with it.
      const places = ['files', 'keys', 'secrets'].map((what) => `${data}-${what}-${name}`)
      const [files = '', keys = '', secrets = ''] = places
      const whom = ['--member', name]
      const to = ['--to', files, '--keys-to', keys, '--secrets-to', secrets]
      must((await command(['backup', '--data', data, ...whom, ...to, '--json'])) === 0, `no backup of ${name}`)
      await more(3, members)
      await victim.kill('both')
      rmSync(folder, { recursive: true })
      const from = ['--from', files, '--keys-from', keys, '--secrets-from', secrets]
      must((await command(['restore', ...from, '--to', data, ...whom, '--json'])) === 0, `${name} was not put back`)
      await victim.start()
      const end = Date.now() + endsSecondsMax * 1000
      // The engine writes down each of its votes before it gives it away.
      const votes = (): boolean => victim.log.includes('engine-watches') && signedIn(folder).signature !== undefined
      while (!votes()) {
        must(Date.now() < end, `${name} was put back, and signs nothing`)
        await pause(500)
      }
      for (const place of places) rmSync(place, { recursive: true, force: true })
    },
  },
]

const signedIn = (folder: string): { readonly signature?: string } =>
  JSON.parse(readFileSync(signedLast(folder), 'utf8'))

const signedLast = (folder: string): string => join(folder, 'engine', 'data', 'priv_validator_state.json')

export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

export async function endsWell(member: Member): Promise<void> {
  must(await member.stop(), `${member.name} was asked to end, and did not end well`)
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

function keepCopy(from: string, to: string, what: 'all but the engine' | 'all'): void {
  const engine = join(from, 'engine')
  cpSync(from, to, { recursive: true, filter: (path) => what === 'all' || path !== engine })
}

function putBack(from: string, to: string): void {
  if (existsSync(to)) rmSync(to, { recursive: true })
  renameSync(from, to)
}
