/** One ask from the click to the last answer: on a check-in, on the own word, or in an emergency. */
import type { AssembledRecord, Changes } from '@plexus/assembly'
import { askJson } from '../node/door.ts'
import type { Session } from './session.ts'

export interface Known {
  readonly custodian: string
  readonly number: string
  readonly name: string
}

/** What an ask rests on. */
export type Basis =
  | { readonly type: 'code'; readonly visit: string }
  | { readonly type: 'own-word'; readonly known: readonly Known[] }
  | { readonly type: 'emergency'; readonly known: readonly Known[]; readonly reason: string; readonly words: string }

export interface AskedSource {
  readonly custodian: string
  readonly name: string
  readonly state: 'committing' | 'complete' | 'expired' | 'failed' | 'fetching' | 'refused' | 'sent'
  readonly code: string | null
  readonly reasons: readonly string[]
  readonly records: number
}

export interface Asked {
  readonly settled: boolean
  readonly sources: readonly AskedSource[]
  readonly record: AssembledRecord
  /** Null while it is not settled, and where the patient was never asked for here before. */
  readonly earlier: (Changes & { readonly askedAt: number }) | null
}

export type Refused = { readonly refused: string }

const pollMilliseconds = 200
const lookMilliseconds = 60
/** Custodians answer within seconds, and intents end after five minutes. */
const pollsMax = 1_500
/** Evidence is committed within a block or two. */
const triesMax = 100

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Tells of each answer as it comes, while `isWanted`; gives a refusal of the ask as a whole. */
export async function askFor(
  session: Session,
  basis: Basis,
  told: {
    readonly onCommitting: () => void
    readonly onAnswer: (asked: Asked) => void
    readonly isWanted: () => boolean
  },
): Promise<Refused | null> {
  const visit = basis.type === 'code' ? { visit: basis.visit } : await openVisit(session, basis.known)
  if ('refused' in visit) return visit
  if (basis.type !== 'code') {
    told.onCommitting()
    await committed(session, visit.visit, told.isWanted)
  }
  const begun = await begin(session, visit.visit, basis, told.onCommitting)
  if ('refused' in begun) return begun
  for (let poll = 0; poll < pollsMax && told.isWanted(); poll++) {
    const answer = await askJson<Asked>(`/v1/members/${session.member}/asks/${begun.ask}`, { token: session.token })
    if (!told.isWanted()) return null
    if (!answer.ok) return { refused: answer.reason.type }
    told.onAnswer(answer.value)
    if (answer.value.settled) return null
    await wait(pollMilliseconds)
  }
  return null
}

async function openVisit(
  { member, token }: Session,
  known: readonly Known[],
): Promise<{ readonly visit: string } | Refused> {
  const charts = known.map(({ custodian, number }) => ({ custodian, number }))
  const answer = await askJson<{ readonly visit: string }>(`/v1/members/${member}/visits`, {
    token,
    json: { requester: member, known: charts },
  })
  return answer.ok ? answer.value : { refused: answer.reason.type }
}

/** Asked apart, so that the ask itself is not refused for having come too early. */
async function committed({ member, token }: Session, visit: string, isWanted: () => boolean): Promise<void> {
  for (let look = 0; look < triesMax && isWanted(); look++) {
    const answer = await askJson<{ readonly ready: boolean }>(`/v1/members/${member}/visits/${visit}`, { token })
    if (!answer.ok || answer.value.ready) return
    await wait(lookMilliseconds)
  }
}

async function begin(
  { member, npi, token }: Session,
  visit: string,
  basis: Basis,
  onCommitting: () => void,
): Promise<{ readonly ask: string } | Refused> {
  const why =
    basis.type === 'emergency'
      ? { purpose: 'ETREAT', emergency: { reason: basis.reason, words: basis.words } }
      : { purpose: 'TREAT' }
  for (let attempt = 1; ; attempt++) {
    const answer = await askJson<{ readonly ask: string }>(
      `/v1/members/${member}/visits/${encodeURIComponent(visit)}/ask`,
      { token, json: { npi, types: [], ...why } },
    )
    if (answer.ok) return answer.value
    if (answer.reason.type !== 'evidence-not-committed' || attempt >= triesMax) return { refused: answer.reason.type }
    onCommitting()
    await wait(pollMilliseconds)
  }
}
