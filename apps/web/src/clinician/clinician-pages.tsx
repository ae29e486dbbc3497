/** The clinician's pages: signed in, asking, reading; locked after two idle minutes with nothing of a patient left. */
import { Button } from '@mantine/core'
import { useCallback, useRef, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { useIdleLock } from '../look/idle.ts'
import { Heading, Mark, Note, Waiting } from '../look/parts.tsx'
import { usePlace } from '../route.ts'
import { useWords } from '../words/use-words.tsx'
import { AskPage } from './ask-page.tsx'
import { CasesPage } from './cases-page.tsx'
import { ReviewsPage } from './reviews-page.tsx'
import { deskAt, endSession, keptPasskey, linkInAddress, passkeyAt, type Session } from './session.ts'
import { SignInPage } from './sign-in.tsx'

const pages = ['ask', 'reviews', 'cases'] as const

export function ClinicianPages() {
  const words = useWords()
  const { desk, demonstration, token, trouble } = useShared()
  const [session, setSession] = useState<Session | null>(null)
  const [locked, setLocked] = useState(false)
  const [stranger] = useState(() => token === null && keptPasskey() === null && linkInAddress() === null)
  const away = stranger && demonstration
  const current = useRef<Session | null>(null)
  const enter = (entered: Session): void => {
    current.current = entered
    setSession(entered)
    setLocked(false)
  }
  const leave = useCallback((isLock: boolean) => {
    if (current.current) endSession(current.current)
    current.current = null
    setSession(null)
    setLocked(isLock)
  }, [])
  const lock = useCallback(() => leave(true), [leave])
  useIdleLock(session !== null, lock)
  /** The same person, verified now: the session before it ends. */
  const verify = async (): Promise<Session | { readonly refused: string }> => {
    const before = current.current
    if (!before) return { refused: 'locked' }
    const answer = before.way === 'passkey' ? await passkeyAt(before.member) : await deskAt(token ?? '', before.member)
    if (!answer.ok) return { refused: answer.reason.type }
    endSession(before)
    enter(answer.value)
    return answer.value
  }
  return (
    <main id="main" tabIndex={-1} className="stack stack-wide">
      {trouble !== null && (
        <Note tone="no" title={words.unreachable}>
          {words.unreachableNext}
        </Note>
      )}
      {trouble === null && away && (
        <Note tone="care" title={words.noDesk}>
          {words.noDeskWhy}
        </Note>
      )}
      {trouble === null && token !== null && !desk && <Waiting />}
      {trouble === null && !away && !session && (token === null || desk) && (
        <SignInPage locked={locked} onSession={enter} />
      )}
      {session && <SignedInPages session={session} onLeave={() => leave(false)} onVerify={verify} />}
    </main>
  )
}

function SignedInPages({
  session,
  onLeave,
  onVerify,
}: {
  readonly session: Session
  readonly onLeave: () => void
  readonly onVerify: () => Promise<Session | { readonly refused: string }>
}) {
  const words = useWords()
  const { page } = usePlace()
  const { member, npi, role, licence } = session
  const shown = pages.find((each) => each === page) ?? 'ask'
  return (
    <>
      <Heading
        title={shown === 'ask' ? words.clinician.title : words.clinician[shown].title}
        aside={
          <Button variant="default" onClick={onLeave}>
            {words.clinician.signOut}
          </Button>
        }
      />
      <div className="row apart">
        <div className="row" title={words.clinician.fromLedger}>
          <strong>{member}</strong>
          <span className="small">
            {words.clinician.roles[role] ?? role} · {words.clinician.npi(npi)}
          </span>
          <Mark tone={licence === 'active' ? 'good' : 'no'}>{words.clinician.licences[licence] ?? licence}</Mark>
        </div>
        <nav className="roles" aria-label={words.clinician.nav.title}>
          {pages.map((each) => (
            <a key={each} href={`#/clinician/${each}`} aria-current={each === shown ? 'page' : undefined}>
              {words.clinician.nav[each]}
            </a>
          ))}
        </nav>
      </div>
      {shown === 'ask' && <AskPage session={session} onVerify={onVerify} />}
      {shown === 'reviews' && <ReviewsPage session={session} />}
      {shown === 'cases' && <CasesPage session={session} />}
    </>
  )
}
