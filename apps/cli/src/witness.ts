/** `plexus witness`: looks at the logs of members again and again, cosigns what fits, and raises the alarm on what does not. */
import { setTimeout as pause } from 'node:timers/promises'
import { parseNoteKey, readOrigin, writeNoteKey } from '@plexus/sdk'
import { plain, Refused, type Screen, when } from './screen.ts'
import { type LogAddress, type Report, witnessRound } from './witness-round.ts'
import { logsMax, WitnessState } from './witness-state.ts'

export interface WitnessFlags {
  /** Addresses of logs; without any, those that the state knows. */
  readonly log?: readonly string[]
  readonly state: string
  readonly once?: boolean
  readonly interval: number
  readonly name?: string
  readonly post?: boolean
  /** The origin of a log that an operator lets go on. */
  readonly resume?: string
}

const now = (): number => Date.now() / 1000

/** Runs until `ended`; throws a Refused when the last round had an alarm, a halted log, or a log that it could not check. */
export async function witness(flags: WitnessFlags, screen: Screen, ended: AbortSignal): Promise<void> {
  const given = (flags.log ?? []).map(addressOf)
  const state = WitnessState.open(flags.state, flags.name)
  try {
    if (flags.resume !== undefined) return resume(state, flags.resume, screen)
    const addresses = given.length > 0 ? given : state.logs.map(({ url }) => ({ url, key: undefined }))
    if (addresses.length === 0)
      throw new Refused('no-logs', 'This witness follows no log yet.', 'Name the logs of members with --log URL.')
    if (addresses.length > logsMax)
      throw new Refused('too-many-logs', `A witness follows at most ${logsMax} logs.`, 'Give each network its own.')
    screen.say(`Witness ${writeNoteKey(state.key)}`)
    screen.give({ type: 'witness', key: writeNoteKey(state.key), logs: addresses.length })
    let last: readonly Report[] = []
    let said: ReadonlySet<string> = new Set()
    do {
      last = await witnessRound({ state, now, post: flags.post === true }, addresses)
      for (const report of last) {
        screen.give(report)
        const sentence = plain(sentenceOf(report))
        // A person reads what is new.
        if (!said.has(sentence)) screen.say(`  ${sentence}`)
      }
      said = new Set(last.map((report) => plain(sentenceOf(report))))
      if (flags.once !== true) await pause(flags.interval * 1000, undefined, { signal: ended }).catch(() => {})
    } while (flags.once !== true && !ended.aborted)
    judge(last, flags.state)
  } finally {
    state.close()
  }
}

function resume(state: WitnessState, origin: string, screen: Screen): void {
  if (!state.resume(origin))
    throw new Refused(
      'not-halted',
      'No log of that origin is stopped.',
      'Each report of a halted log names its origin.',
    )
  screen.say(`${origin} is followed again, from the checkpoint that was cosigned last.`)
  screen.give({ type: 'resumed', origin })
}

/** `URL`, or `URL#KEY` with the log's verifier key: what stands behind the hash is never sent. */
function addressOf(text: string): LogAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Refused('log-address', `${text} is not the address of a log.`, 'Give URL/v1/members/MEMBER/checkpoints.')
  const written = decodeURIComponent(url.hash.slice(1))
  const key = written === '' ? undefined : parseNoteKey(written)
  if (written !== '' && key?.type !== 'log')
    throw new Refused('log-key', 'What stands behind # is not the verifier key of a log.', 'A log serves it as vkey.')
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, key }
}

/** The member whose log it is, where that could be read. */
function nameOf(report: Report): string {
  if (report.type === 'unavailable' && report.origin === null) return report.url
  const origin = report.origin ?? ''
  return readOrigin(origin)?.member ?? origin
}

function sentenceOf(report: Report): string {
  const of = nameOf(report)
  switch (report.type) {
    case 'cosigned': {
      const grew = report.before === null ? 'first contact' : `${report.before} before`
      const handed = report.taken === null ? '' : report.taken ? ', taken by the log' : ', not taken by the log'
      return `${of}: ${report.size} blocks (${grew}), cosigned${handed}.`
    }
    case 'unchanged':
      return `${of}: ${report.size} blocks, cosigned before.`
    case 'unavailable':
      return `${of}: cannot be checked now. ${report.says}.`
    case 'alarm':
      return `ALARM ${of}: ${report.why}. ${report.says} Evidence: ${report.evidence}. Not cosigned any more.`
    case 'halted':
      return `${of}: halted since ${when(report.at)}, ${report.why}. Evidence: ${report.evidence}.`
  }
}

function judge(reports: readonly Report[], folder: string): void {
  const count = (...types: readonly Report['type'][]) => reports.filter(({ type }) => types.includes(type)).length
  const stopped = count('alarm', 'halted')
  if (stopped > 0)
    throw new Refused(
      'witness-alarm',
      `${stopped} of ${reports.length} logs are not cosigned any more: what they signed contradicts itself, or another member.`,
      `Keep ${folder}/evidence, show it to every member, and read docs/guides/witness.md before anything is resumed.`,
    )
  if (count('unavailable') > 0)
    throw new Refused(
      'log-unavailable',
      `${count('unavailable')} of ${reports.length} logs could not be checked.`,
      'A log that cannot be checked is not cosigned; ask its member when this lasts.',
    )
}
