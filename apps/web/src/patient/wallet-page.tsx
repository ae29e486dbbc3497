/** The wallet itself: how it is locked, where it is enrolled, and the code that brings it back. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Mark } from '../look/parts.tsx'
import type { WalletView } from '../wallet/keeping.ts'
import { useWords } from '../words/use-words.tsx'
import { CasesList } from './cases-list.tsx'
import { JoinPlace } from './join-place.tsx'
import { RecoveryCode } from './recovery-code.tsx'

export function WalletPage({ view, lock }: { readonly view: WalletView; readonly lock: 'device' | 'passkey' }) {
  const words = useWords()
  const { keeper } = useShared()
  const [shown, setShown] = useState(false)
  const [sure, setSure] = useState(false)
  return (
    <>
      <Heading title={words.wallet.settings} lead={words.tagline} />
      <section className="card stack no-print">
        <div className="row apart">
          <Mark tone={lock === 'passkey' ? 'good' : 'plain'}>{words.wallet.lockedBy[lock]}</Mark>
          <Button variant="default" onClick={() => keeper?.lock()}>
            {words.wallet.lockNow}
          </Button>
        </div>
        <h2>{words.wallet.knows(view.relations.length)}</h2>
        <ul className="lines">
          {view.relations.map(({ custodian, name, version }) => (
            <li key={custodian}>
              <span>{name}</span>
              <span className="small">{words.sharing.version(version)}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className="card stack no-print" aria-labelledby="add-a-place">
        <h2 id="add-a-place">{words.joining.title}</h2>
        <p className="lead">{words.joining.lead}</p>
        <JoinPlace />
      </section>
      {/* A code on paper lies about: it does not say where its owner is treated. */}
      <div className="no-print">
        <CasesList view={view} />
      </div>
      <section className="card stack">
        <p className="lead">{words.wallet.codeLead}</p>
        {shown && keeper && <RecoveryCode code={keeper.recoveryCode} />}
        <div className="row">
          <Button variant="default" onClick={() => setShown(!shown)}>
            {shown ? words.wallet.hideCode : words.wallet.showCode}
          </Button>
          {shown && (
            <Button variant="default" onClick={() => window.print()}>
              {words.wallet.print}
            </Button>
          )}
        </div>
      </section>
      <section className="card card-quiet stack no-print">
        <p>{words.wallet.forgetSure}</p>
        <div className="row">
          <Button variant="default" onClick={() => (sure ? void keeper?.forget() : setSure(true))}>
            {words.wallet.forget}
            {sure && '?'}
          </Button>
          {sure && (
            <Button variant="default" onClick={() => setSure(false)}>
              {words.cancel}
            </Button>
          )}
        </div>
      </section>
    </>
  )
}
