/** The patient's pages: what the wallet's state allows, one page at a time. */
import { Button } from '@mantine/core'
import { IconEye, IconHeartbeat, IconPill, IconShare, IconWallet } from '@tabler/icons-react'
import { useCallback, useState } from 'react'
import { useKeeping, useShared } from '../demonstration.tsx'
import { useIdleLock } from '../look/idle.ts'
import { Heading, Note, Waiting } from '../look/parts.tsx'
import { usePlace } from '../route.ts'
import type { Keeping } from '../wallet/keeping.ts'
import { useWords } from '../words/use-words.tsx'
import { ComingBack } from './coming-back.tsx'
import { FirstRun } from './first-run.tsx'
import { LooksPage } from './looks-page.tsx'
import { PrescriptionsPage } from './prescriptions-page.tsx'
import { RecordPage } from './record-page.tsx'
import { SharingPage } from './sharing-page.tsx'
import { WalletPage } from './wallet-page.tsx'

const pages = [
  ['looks', IconEye],
  ['record', IconHeartbeat],
  ['prescriptions', IconPill],
  ['sharing', IconShare],
  ['wallet', IconWallet],
] as const

export function PatientPages() {
  const words = useWords()
  const { page } = usePlace()
  const { keeper } = useShared()
  const keeping = useKeeping()
  const lock = useCallback(() => keeper?.lock(), [keeper])
  useIdleLock(keeping.type === 'open', lock)
  // Enrolment goes from place to place: its page stays until the last has answered.
  const [joining, setJoining] = useState(false)
  const isIn = keeping.type === 'open' && !keeping.view.former && keeping.view.relations.length > 0 && !joining
  const current = pages.find(([name]) => name === page)?.[0] ?? 'looks'
  return (
    <>
      <nav className="rail no-print" aria-label={words.roles.patient}>
        {isIn && (
          <ul>
            {pages.map(([name, Icon]) => (
              <li key={name}>
                <a href={`#/patient/${name}`} aria-current={name === current ? 'page' : undefined}>
                  <Icon size={22} stroke={1.8} aria-hidden />
                  {words.wallet.pages[name]}
                </a>
              </li>
            ))}
          </ul>
        )}
      </nav>
      <main id="main" tabIndex={-1} className="stack stack-wide">
        {isIn && keeping.view.trouble === 'offline' && <Note tone="care">{words.offline}</Note>}
        {isIn ? <Page name={current} /> : <Outside keeping={keeping} onJoining={setJoining} />}
      </main>
    </>
  )
}

function Page({ name }: { readonly name: (typeof pages)[number][0] }) {
  const keeping = useKeeping()
  if (keeping.type !== 'open') return null
  if (name === 'looks') return <LooksPage view={keeping.view} />
  if (name === 'record') return <RecordPage view={keeping.view} />
  if (name === 'prescriptions') return <PrescriptionsPage view={keeping.view} />
  if (name === 'sharing') return <SharingPage view={keeping.view} />
  return <WalletPage view={keeping.view} lock={keeping.lock} />
}

function Outside({
  keeping,
  onJoining,
}: {
  readonly keeping: Keeping
  readonly onJoining: (joining: boolean) => void
}) {
  const words = useWords()
  const { keeper, trouble } = useShared()
  if (trouble !== null || keeping.type === 'unreachable')
    return (
      <>
        <Heading title={words.wallet.begin} />
        <Note tone="no" title={words.unreachable}>
          {words.unreachableNext}
        </Note>
        <div>
          <Button onClick={() => location.reload()}>{words.again}</Button>
        </div>
      </>
    )
  if (keeping.type === 'loading')
    return (
      <>
        <Heading title={words.wallet.begin} />
        <Waiting />
      </>
    )
  if (keeping.type === 'locked')
    return (
      <>
        <Heading title={words.wallet.locked} lead={words.wallet.lockedLead} />
        {keeping.refused && <Note tone="care">{words.wallet.turnedAway}</Note>}
        <div>
          <Button size="lg" onClick={() => void keeper?.unlock()}>
            {words.wallet.unlock}
          </Button>
        </div>
      </>
    )
  if (keeping.type === 'open' && keeping.view.former)
    return <ComingBack former onJoining={onJoining} onDone={() => keeper?.goOn()} />
  return <FirstRun onJoining={onJoining} />
}
