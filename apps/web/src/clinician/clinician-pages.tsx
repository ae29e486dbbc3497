/** The clinician's pages: signed in, asking, reading; locked after two idle minutes with nothing of a patient left. */
import { Button } from '@mantine/core'
import { useCallback, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { useIdleLock } from '../look/idle.ts'
import { Heading, Mark, Note, Waiting } from '../look/parts.tsx'
import { type SignedIn, signIn } from '../node/desk.ts'
import { useWords } from '../words/use-words.tsx'
import { AskPage } from './ask-page.tsx'

export function ClinicianPages() {
  const words = useWords()
  const { desk, token, trouble } = useShared()
  const [session, setSession] = useState<SignedIn | null>(null)
  const [locked, setLocked] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const lock = useCallback(() => {
    setSession(null)
    setLocked(true)
  }, [])
  useIdleLock(session !== null, lock)
  const enter = async (): Promise<void> => {
    if (token === null) return
    setBusy(true)
    const answer = await signIn(token)
    setBusy(false)
    setRefused(answer.ok ? null : answer.reason.type)
    if (answer.ok) {
      setSession(answer.value)
      setLocked(false)
    }
  }
  return (
    <main id="main" tabIndex={-1} className="stack stack-wide">
      {trouble !== null && (
        <Note tone="no" title={words.unreachable}>
          {words.unreachableNext}
        </Note>
      )}
      {trouble === null && token === null && (
        <Note tone="care" title={words.noDesk}>
          {words.noDeskWhy}
        </Note>
      )}
      {trouble === null && token !== null && !desk && <Waiting />}
      {desk && !session && (
        <>
          <Heading
            title={locked ? words.clinician.locked : words.clinician.signInTitle}
            lead={locked ? words.clinician.lockedLead : words.clinician.signInLead(desk.asker)}
          />
          {refused && <Note tone="no">{words.refusal(refused)}</Note>}
          <div>
            <Button size="lg" loading={busy} onClick={() => void enter()}>
              {locked ? words.clinician.unlock : words.clinician.signIn}
            </Button>
          </div>
        </>
      )}
      {session && (
        <>
          <Heading
            title={words.clinician.title}
            aside={
              <Button variant="default" onClick={() => setSession(null)}>
                {words.clinician.signOut}
              </Button>
            }
          />
          <div className="row">
            <strong>{session.member}</strong>
            <span className="small">
              {words.clinician.role} · {words.clinician.npi(session.npi)}
            </span>
            <Mark tone="good">{words.clinician.licence}</Mark>
          </div>
          <AskPage session={session} />
        </>
      )}
    </main>
  )
}
