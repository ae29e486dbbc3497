/** In front of the clinician's pages: a passkey, the link that makes one, or the demonstration's desk. */
import { Button, NativeSelect } from '@mantine/core'
import type { Result } from '@plexus/codec'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Note } from '../look/parts.tsx'
import { passkeyLink } from '../node/desk.ts'
import type { DoorRefusal } from '../node/door.ts'
import { useWords } from '../words/use-words.tsx'
import { deskAt, keptPasskey, linkInAddress, makePasskey, passkeyAt, type Session } from './session.ts'

export function SignInPage({
  locked,
  onSession,
}: {
  readonly locked: boolean
  readonly onSession: (session: Session) => void
}) {
  const words = useWords()
  const { desk, token } = useShared()
  const [kept] = useState(keptPasskey)
  const [given] = useState(linkInAddress)
  const [refused, setRefused] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [employer, setEmployer] = useState<string | null>(null)
  const works = employer ?? desk?.asker ?? ''
  const member = given?.member ?? kept?.member ?? desk?.asker ?? null
  const through = async (way: () => Promise<Result<Session, DoorRefusal>>): Promise<void> => {
    setBusy(true)
    setRefused(null)
    const answer = await way()
    setBusy(false)
    if (answer.ok) onSession(answer.value)
    else setRefused(answer.reason.type)
  }
  const make = async (): Promise<Result<Session, DoorRefusal>> => {
    if (given) return makePasskey(given.member, given.link)
    const handed = await passkeyLink(token ?? '')
    return handed.ok ? makePasskey(handed.value.member, handed.value.link) : handed
  }
  return (
    <>
      <Heading
        title={locked ? words.clinician.locked : words.clinician.signInTitle}
        lead={locked ? words.clinician.lockedLead : member === null ? '' : words.clinician.signInLead(member)}
      />
      {refused && <Note tone="no">{words.refusal(refused)}</Note>}
      {kept && !given && (
        <div>
          <Button size="lg" loading={busy} onClick={() => void through(() => passkeyAt(kept.member))}>
            {locked ? words.clinician.unlock : words.clinician.passkey}
          </Button>
        </div>
      )}
      {(given || (desk && !kept)) && (
        <section className="card stack">
          <p>{given ? words.clinician.passkeyLinked(given.member) : words.clinician.passkeyMakeLead}</p>
          <div>
            <Button size="lg" loading={busy} onClick={() => void through(make)}>
              {words.clinician.passkeyMake}
            </Button>
          </div>
        </section>
      )}
      {!given && !kept && !desk && <Note tone="care">{words.clinician.noEmployer}</Note>}
      {token !== null && desk && (
        <section className="card card-quiet stack">
          <p>{words.clinician.noPasskeyWhy}</p>
          <div className="fields narrow">
            <NativeSelect
              label={words.clinician.works}
              data={[...desk.employers]}
              value={works}
              onChange={(event) => setEmployer(event.currentTarget.value)}
            />
            <div>
              <Button variant="default" loading={busy} onClick={() => void through(() => deskAt(token, works))}>
                {words.clinician.noPasskey}
              </Button>
            </div>
          </div>
        </section>
      )}
    </>
  )
}
