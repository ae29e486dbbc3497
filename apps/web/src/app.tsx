/** The frame around every page, and which page stands in it. */
import { useMantineColorScheme } from '@mantine/core'
import { IconBlocks, IconShieldCheck, IconStethoscope } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'
import { BottleBar } from './bottle-bar.tsx'
import { useShared } from './demonstration.tsx'
import { Note, Waiting } from './look/parts.tsx'
import { type Place, usePlace } from './route.ts'
import { StoryBar } from './story-bar.tsx'
import { languages, nameOfLanguage, useSpoken, useWords } from './words/use-words.tsx'
import { PageNotice, PageOrigin, PageRefused, usePageRefused } from './worker/page-notice.tsx'

const PatientPages = lazy(async () => ({ default: (await import('./patient/patient-pages.tsx')).PatientPages }))
const ClinicianPages = lazy(async () => ({ default: (await import('./clinician/clinician-pages.tsx')).ClinicianPages }))
const LedgerPage = lazy(async () => ({ default: (await import('./ledger/ledger-page.tsx')).LedgerPage }))

export function App() {
  const words = useWords()
  const { role } = usePlace()
  const { demonstration } = useShared()
  const isRefused = usePageRefused()
  return (
    <div className={role === 'patient' ? 'frame with-rail' : 'frame'}>
      <button type="button" className="skip" onClick={skip}>
        {words.skip}
      </button>
      <Top />
      <div>
        <StoryBar />
        <BottleBar />
        <PageNotice />
      </div>
      <div className="body">
        <Suspense
          fallback={
            <main id="main" tabIndex={-1}>
              <Waiting />
            </main>
          }
        >
          {isRefused ? <PageRefused /> : <PageOf role={role} />}
        </Suspense>
      </div>
      <footer className="foot">
        {demonstration && <span>{words.synthetic}</span>}
        <PageOrigin />
      </footer>
    </div>
  )
}

function PageOf({ role }: Pick<Place, 'role'>) {
  if (role === 'patient') return <PatientPages />
  if (role === 'clinician') return <ClinicianPages />
  return role === 'ledger' ? <LedgerPage /> : <Landing />
}

function skip(): void {
  document.getElementById('main')?.focus()
}

function Top() {
  const { words, language, speak } = useSpoken()
  const { role } = usePlace()
  // Without transitions Mantine would write a style of its own into the page, which the policy refuses.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <header className="top no-print">
      <a className="wordmark" href="#/">
        <img src="/icon.svg" alt="" />
        {words.product}
      </a>
      <nav className="roles" aria-label={words.rolesAre}>
        {(['patient', 'clinician', 'ledger'] as const).map((each) => (
          <a key={each} href={`#/${each}`} aria-current={role === each ? 'page' : undefined}>
            {words.roles[each]}
          </a>
        ))}
      </nav>
      <div className="choices">
        <select
          aria-label={words.language}
          value={language}
          onChange={({ target }) => {
            const chosen = languages.find((each) => each === target.value)
            if (chosen) speak(chosen)
          }}
        >
          {languages.map((each) => (
            <option key={each} value={each} lang={each}>
              {nameOfLanguage(each)}
            </option>
          ))}
        </select>
        <select
          aria-label={words.theme}
          value={colorScheme}
          onChange={({ target }) => setColorScheme(target.value as typeof colorScheme)}
        >
          {(['auto', 'light', 'dark'] as const).map((each) => (
            <option key={each} value={each}>
              {words.themes[each]}
            </option>
          ))}
        </select>
      </div>
    </header>
  )
}

const doors = [
  ['patient', IconShieldCheck],
  ['clinician', IconStethoscope],
  ['ledger', IconBlocks],
] as const

function Landing() {
  const words = useWords()
  const { token, demonstration, trouble } = useShared()
  const texts = {
    patient: [words.landing.patient, words.landing.patientWhat],
    clinician: [words.landing.clinician, words.landing.clinicianWhat],
    ledger: [words.landing.ledger, words.landing.ledgerWhat],
  } as const
  return (
    <main id="main" tabIndex={-1} className="stack stack-wide">
      <div className="stack stack-tight">
        <h1>{words.landing.title}</h1>
        <p className="lead">{words.landing.lead}</p>
      </div>
      {trouble && (
        <Note tone="no" title={words.unreachable}>
          {words.unreachableNext}
        </Note>
      )}
      {!trouble && demonstration && token === null && (
        <Note tone="care" title={words.noDesk}>
          {words.noDeskWhy}
        </Note>
      )}
      <div className="doors">
        {doors.map(([role, Icon]) => (
          <a key={role} href={`#/${role}`}>
            <Icon size={34} stroke={1.6} aria-hidden />
            <h2>{texts[role][0]}</h2>
            <p className="small">{texts[role][1]}</p>
          </a>
        ))}
      </div>
      <p className="lead">{words.tagline}</p>
    </main>
  )
}
