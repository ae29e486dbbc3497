/** Sharing: check in at a place, close or open its door, restrict. What would change is shown before anything is signed. */
import { Button } from '@mantine/core'
import type { Directive } from '@plexus/policy'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Mark, Note } from '../look/parts.tsx'
import { QrCode } from '../look/qr-code.tsx'
import type { Relation, WalletView } from '../wallet/keeping.ts'
import type { Organisation } from '../wallet/organisations.ts'
import { useWords } from '../words/use-words.tsx'
import { ChangeDialog } from './change-dialog.tsx'
import { OrganisationSelect } from './organisation-select.tsx'
import { Restrictions } from './restrictions.tsx'

export function SharingPage({ view }: { readonly view: WalletView }) {
  const words = useWords()
  const { desk } = useShared()
  const [changing, setChanging] = useState<{ readonly requester: string; readonly close: boolean } | null>(null)
  const requesters = requestersIn(view, desk?.asker)
  return (
    <>
      <Heading title={words.sharing.title} />
      <CheckIn />
      <section className="stack" aria-labelledby="doors">
        <div className="stack stack-tight">
          <h2 id="doors">{words.sharing.doorTitle}</h2>
          <p className="lead">{words.sharing.doorLead}</p>
        </div>
        {requesters.length === 0 && <p>{words.sharing.nobody}</p>}
        <ul className="stack">
          {requesters.map((requester) => {
            const closed = view.relations.every((relation) => isClosedTo(relation, requester))
            return (
              <li key={requester} className="card row apart">
                <div className="row">
                  <strong>{requester}</strong>
                  <Mark tone={closed ? 'no' : 'good'}>{closed ? words.sharing.closed : words.sharing.open}</Mark>
                </div>
                <Button
                  variant={closed ? 'default' : 'filled'}
                  onClick={() => setChanging({ requester, close: !closed })}
                >
                  {closed ? words.sharing.openDoor : words.sharing.closeDoor}
                </Button>
              </li>
            )
          })}
        </ul>
      </section>
      <Restrictions view={view} requesters={requesters} />
      {changing && <DoorDialog {...changing} view={view} onClose={() => setChanging(null)} />}
    </>
  )
}

/** In the demonstration where its clinician works; elsewhere wherever the patient is. */
function CheckIn() {
  const words = useWords()
  const { desk, keeper, visit, setVisit } = useShared()
  const [chosen, setChosen] = useState<Organisation | null>(null)
  const place = desk ? { id: desk.asker, name: desk.asker } : chosen
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const checkIn = async (): Promise<void> => {
    if (!place) return
    setBusy(true)
    const done = (await keeper?.checkIn(place.id).catch(() => null)) ?? { refused: 'offline' }
    setBusy(false)
    setRefused('refused' in done ? done.refused : null)
    if ('visit' in done) setVisit(done.visit)
  }
  return (
    <section className="card stack" aria-labelledby="check-in">
      <h2 id="check-in">{words.sharing.checkInTitle}</h2>
      {!desk && (
        <OrganisationSelect label={words.joining.where} value={chosen?.id ?? ''} disabled={busy} onChoose={setChosen} />
      )}
      {place && <p className="lead">{words.sharing.checkInLead(place.name)}</p>}
      {refused && <Note tone="no">{words.refusal(refused)}</Note>}
      {visit !== null && (
        <div className="visit">
          <QrCode text={visit} says={words.sharing.code} />
          <p className="mono" data-visit>
            {visit}
          </p>
          <p className="small">{words.sharing.codeLead}</p>
        </div>
      )}
      <div>
        <Button
          size={visit === null ? 'lg' : 'sm'}
          variant={visit === null ? 'filled' : 'default'}
          loading={busy}
          disabled={!place}
          onClick={() => void checkIn()}
        >
          {place ? words.sharing.checkIn(place.name) : words.sharing.checkInTitle}
        </Button>
      </div>
    </section>
  )
}

/** A door is everything at every place: what each would do is said in words. */
function DoorDialog({
  requester,
  close,
  view,
  onClose,
}: {
  readonly requester: string
  readonly close: boolean
  readonly view: WalletView
  readonly onClose: () => void
}) {
  const words = useWords()
  const { preview } = words.sharing
  const [gets, refuses] = [preview.gets, preview.refuses]
  const changes = view.relations
    .filter((relation) => isClosedTo(relation, requester) !== close)
    .map((relation) => ({
      relation,
      directives: changed(relation, requester, close),
      before: close ? gets : refuses,
      after: close ? refuses : gets,
    }))
  return (
    <ChangeDialog
      title={close ? preview.closeTitle(requester) : preview.openTitle(requester)}
      changes={changes}
      view={view}
      onClose={onClose}
    />
  )
}

/** Everything to this organisation is denied. */
const deniesAll = ({ effect, grantee, scope }: Directive, requester: string): boolean =>
  effect === 'deny' && grantee.type === 'organisation' && grantee.id === requester && scope.type === 'everything'

const isClosedTo = ({ directives }: Relation, requester: string): boolean =>
  directives.some((directive) => deniesAll(directive, requester))

/** The set with the door closed or open; what else the patient decided stays. */
function changed({ directives }: Relation, requester: string, close: boolean): readonly Directive[] {
  const others = directives.filter((directive) => !deniesAll(directive, requester))
  if (!close) return others
  const deny: Directive = {
    effect: 'deny',
    grantee: { type: 'organisation', id: requester },
    scope: { type: 'everything' },
    purposes: [],
    from: Math.floor(Date.now() / 1000),
    until: null,
  }
  return [...others, deny]
}

/** Whoever asked before, and the place where the patient is now. */
function requestersIn({ looks, relations }: WalletView, here: string | undefined): readonly string[] {
  const asked = looks.flatMap(({ requester, decision }) =>
    requester && decision.type !== 'own-staff' ? [requester] : [],
  )
  const denied = relations.flatMap(({ directives }) =>
    directives.flatMap(({ grantee }) => (grantee.type === 'organisation' ? [grantee.id] : [])),
  )
  return [...new Set([...(here === undefined ? [] : [here]), ...asked, ...denied])]
}
