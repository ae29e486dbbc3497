/** What would change if the patient signs: entries that each asker would be given, counted over the own chart. */
import { type Directive, type Profile, profiles } from '@plexus/policy'
import { useEffect, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Note, Waiting } from '../look/parts.tsx'
import { askJson } from '../node/door.ts'
import type { Relation, WalletView } from '../wallet/keeping.ts'
import type { ChartSource } from '../wallet/own-record.ts'
import { givenTo, type Who } from '../wallet/restrictions.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import { ChangeDialog, type PlaceChange } from './change-dialog.tsx'

/** Askers that a preview names, beside anyone else. */
const askersMax = 3

interface Counting {
  readonly charts: readonly ChartSource[]
  readonly profile: Profile | null
  /** Seconds since 1970, when the dialog was opened. */
  readonly now: number
}

export function RestrictionPreview({
  title,
  who,
  view,
  requesters,
  changed,
  onClose,
}: {
  readonly title: string
  readonly who: Who
  readonly view: WalletView
  readonly requesters: readonly string[]
  /** The set after the change; null where nothing changes. */
  readonly changed: (relation: Relation, now: number) => readonly Directive[] | null
  readonly onClose: () => void
}) {
  const words = useWords()
  const { keeper } = useShared()
  const [counting, setCounting] = useState<Counting | null>(null)
  const [now] = useState(() => Math.floor(Date.now() / 1000))
  useEffect(() => {
    let gone = false
    const count = async (): Promise<void> => {
      if (!keeper) return
      if (keeper.charts.length === 0) await keeper.readRecord(() => {}).catch(() => {})
      const profile = await profileAt(keeper.sponsor)
      if (!gone) setCounting({ charts: keeper.charts, profile, now })
    }
    void count()
    return () => {
      gone = true
    }
  }, [keeper, now])
  const askers = who === 'anyone' ? [...requesters.slice(0, askersMax), 'anyone'] : [who]
  const changes = view.relations.flatMap((relation): readonly PlaceChange[] => {
    const directives = changed(relation, now)
    if (directives === null) return []
    const said = (set: readonly Directive[]) => <Counts set={set} {...{ askers, relation, counting }} />
    return [{ relation, directives, before: said(relation.directives), after: said(directives) }]
  })
  const uncounted = counting !== null && (counting.profile === null || counting.charts.length === 0)
  return (
    <ChangeDialog
      title={title}
      changes={changes}
      view={view}
      waiting={
        counting === null ? (
          <Waiting says={words.restrictions.counting} />
        ) : uncounted ? (
          <Note tone="care">{words.restrictions.uncounted}</Note>
        ) : null
      }
      onClose={onClose}
    />
  )
}

function Counts({
  set,
  askers,
  relation,
  counting,
}: {
  readonly set: readonly Directive[]
  readonly askers: readonly Who[]
  readonly relation: Relation
  readonly counting: Counting | null
}) {
  const words = useWords()
  const chart = counting?.charts.find(({ source }) => source.custodian === relation.custodian)
  const { profile = null, now = 0 } = counting ?? {}
  if (!chart || !profile) return '…'
  return (
    <ul className="stack stack-tight">
      {askers.map((who) => {
        const { count, of } = givenTo(chart.facts, set, { who, profile, now })
        const name = who === 'anyone' ? words.restrictions.others : whoIn(who, words)
        return (
          <li key={who} className="given">
            {askers.length > 1 && <span className="small">{name}</span>}
            <span>{words.restrictions.given(count, of)}</span>
          </li>
        )
      })}
    </ul>
  )
}

export const whoIn = (who: string, words: Words): string => {
  if (who === 'anyone') return words.restrictions.anyone
  return /^\d{10}$/.test(who) ? words.looks.clinician(who) : who
}

/** What holds where the patient said nothing: the network's own choice. */
async function profileAt(member: string): Promise<Profile | null> {
  const path = `/v1/members/${member}/ledger/governance`
  const answer = await askJson<{ readonly policy: { readonly profile: string } }>(path)
  if (!answer.ok) return null
  const { profile } = answer.value.policy
  return profile === 'us' || profile === 'opt-in' ? profiles[profile] : null
}
