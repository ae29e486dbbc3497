/** Restrictions finer than a door: by topic, by who asks, by place and by time, each previewed with the custodians' own rules. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { Mark } from '../look/parts.tsx'
import type { WalletView } from '../wallet/keeping.ts'
import {
  directivesFor,
  directivesMax,
  type Restriction,
  type Standing,
  standingIn,
  without,
} from '../wallet/restrictions.ts'
import { dayOf } from '../words/dates.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import { type Chosen, RestrictionForm } from './restriction-form.tsx'
import { RestrictionPreview, whoIn } from './restriction-preview.tsx'

type Open = 'form' | { readonly add: Chosen } | { readonly lift: Standing } | null

export function Restrictions({
  view,
  requesters,
}: {
  readonly view: WalletView
  /** Organisations that asked, or may ask now. */
  readonly requesters: readonly string[]
}) {
  const words = useWords()
  const [open, setOpen] = useState<Open>(null)
  const close = (): void => setOpen(null)
  // A door that is closed everywhere stands above already.
  const standing = standingIn(view.relations).filter(
    ({ restriction, custodians }) =>
      !(
        restriction?.effect === 'deny' &&
        restriction.what === 'everything' &&
        restriction.until === null &&
        requesters.includes(restriction.who) &&
        custodians.length === view.relations.length
      ),
  )
  return (
    <section className="stack" aria-labelledby="restrictions">
      <div className="stack stack-tight">
        <h2 id="restrictions">{words.restrictions.title}</h2>
        <p className="lead">{words.restrictions.lead}</p>
      </div>
      {standing.length === 0 && <p className="small">{words.restrictions.none}</p>}
      <ul className="stack" data-restrictions>
        {standing.map((each) => (
          <li key={each.key} className="card row apart">
            <div className="stack stack-tight">
              <strong>{each.restriction ? sentenceOf(each.restriction, words) : words.restrictions.elsewhere}</strong>
              <span className="small">{words.restrictions.places(each.custodians.length, view.relations.length)}</span>
            </div>
            <div className="row">
              <Mark tone={each.restriction?.effect === 'permit' ? 'good' : 'care'}>
                {words.restrictions.effects[each.restriction?.effect ?? 'deny']}
              </Mark>
              <Button variant="default" onClick={() => setOpen({ lift: each })}>
                {words.restrictions.lift}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <div>
        <Button variant="default" onClick={() => setOpen('form')}>
          {words.restrictions.add}
        </Button>
      </div>
      {open === 'form' && (
        <RestrictionForm view={view} requesters={requesters} onChosen={(add) => setOpen({ add })} onClose={close} />
      )}
      {open !== null && open !== 'form' && 'add' in open && (
        <RestrictionPreview
          title={words.restrictions.addTitle(sentenceOf(open.add.restriction, words))}
          who={open.add.restriction.who}
          view={view}
          requesters={requesters}
          changed={(relation, now) => {
            if (!open.add.custodians.includes(relation.custodian)) return null
            const all = [...relation.directives, ...directivesFor(open.add.restriction, now)]
            return all.length > directivesMax ? null : all
          }}
          onClose={close}
        />
      )}
      {open !== null && open !== 'form' && 'lift' in open && (
        <RestrictionPreview
          title={words.restrictions.liftTitle}
          who={open.lift.restriction?.who ?? 'anyone'}
          view={view}
          requesters={requesters}
          changed={(relation) =>
            open.lift.custodians.includes(relation.custodian) ? without(relation.directives, open.lift.key) : null
          }
          onClose={close}
        />
      )}
    </section>
  )
}

function sentenceOf({ effect, what, who, until }: Restriction, words: Words): string {
  const { restrictions, record } = words
  const topic = restrictions.whats[what] ?? record.kinds[what] ?? what
  const end = until === null ? '' : ` ${restrictions.until(dayOf(until - 1, words.locale))}`
  return `${restrictions.sentence[effect](topic, whoIn(who, words))}${end}`
}
