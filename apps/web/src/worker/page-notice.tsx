/** What the worker says, where people see it: in the foot, as a note above the page, or in place of the page. */
import './page-notice.css'
import { Button } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { Note } from '../look/parts.tsx'
import { pageWords } from '../words/page-words.ts'
import { useSpoken } from '../words/use-words.tsx'
import { beginAnew, onPageStanding, pageStanding } from './registration.ts'
import type { PageStanding } from './standing.ts'

const usePageStanding = (): PageStanding | null => useSyncExternalStore(onPageStanding, pageStanding)

/** Only these mean that what runs now is not what was committed; the others mean that nothing is known yet. */
const grave: readonly string[] = ['file-differs', 'manifest-malformed', 'manifest-not-committed', 'proof-does-not-hold']

/** Whether what runs now is refused: a first load, trusted until it was checked. */
export function usePageRefused(): boolean {
  const standing = usePageStanding()
  return standing?.accepted === null && standing.refused !== null && grave.includes(standing.refused.type)
}

export function PageOrigin() {
  const { words, language } = useSpoken()
  const accepted = usePageStanding()?.accepted
  return (
    <span data-pages={accepted ? 'accepted' : 'first-load'}>
      {accepted ? pageWords[language].accepted(accepted.member, accepted.height, accepted.files) : words.firstLoad}
    </span>
  )
}

export function PageNotice() {
  const { language } = useSpoken()
  const standing = usePageStanding()
  const words = pageWords[language]
  if (!standing?.accepted) return null
  const { refused, newer } = standing
  if (!refused && !newer) return null
  return (
    <section className="page-notice no-print" aria-label={words.title}>
      {refused ? (
        <Note tone="no" title={words.refusedKept}>
          <p>
            {words.reasons[refused.type]} {words.refusedKeptWhat}
          </p>
          {refused.part !== '' && <p className="mono">{refused.part}</p>}
          {(refused.type === 'another-network' || refused.type === 'another-member') && (
            <Button variant="default" onClick={() => void beginAnew()}>
              {words.beginAnewGo}
            </Button>
          )}
        </Note>
      ) : (
        <Note title={words.newer}>
          <Button variant="default" onClick={() => location.reload()}>
            {words.reload}
          </Button>
        </Note>
      )}
    </section>
  )
}

export function PageRefused() {
  const { language } = useSpoken()
  const standing = usePageStanding()
  const words = pageWords[language]
  if (!standing?.refused) return null
  return (
    <main id="main" tabIndex={-1} className="stack stack-wide">
      <div className="stack stack-tight">
        <h1>{words.refusedHere}</h1>
        <p className="lead">{words.refusedHereLead}</p>
      </div>
      <Note tone="no">
        <p>{words.reasons[standing.refused.type]}</p>
        {standing.refused.part !== '' && <p className="mono">{standing.refused.part}</p>}
      </Note>
      <div>
        <Button onClick={() => location.reload()}>{words.again}</Button>
      </div>
    </main>
  )
}
