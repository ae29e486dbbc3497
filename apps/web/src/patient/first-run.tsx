/** From nothing to a wallet that is enrolled: make it, write the code down, choose a lock, take the codes of the places. */
import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { rootOfRecoveryCode } from '@plexus/sdk'
import { useState } from 'react'
import { useKeeping, useShared } from '../demonstration.tsx'
import { Heading, Mark, Note, Waiting } from '../look/parts.tsx'
import { codeFrom, type DeskPatient } from '../node/desk.ts'
import { hasPasskeys, type LockRefusal } from '../wallet/locks.ts'
import { useWords } from '../words/use-words.tsx'
import { ComingBack } from './coming-back.tsx'
import { JoinPlace } from './join-place.tsx'
import { RecoveryCode } from './recovery-code.tsx'

interface Made {
  readonly code: string
  readonly protect: (by: 'device' | 'passkey') => Promise<LockRefusal | null>
}

export function FirstRun({ onJoining }: { readonly onJoining: (joining: boolean) => void }) {
  const { keeper } = useShared()
  const keeping = useKeeping()
  const [made, setMade] = useState<Made | null>(null)
  const [written, setWritten] = useState(false)
  const [restoring, setRestoring] = useState(false)
  const [isBack, setIsBack] = useState(false)
  if (!keeper) return <Waiting />
  if (keeping.type === 'open' && restoring && !isBack)
    return <ComingBack onJoining={onJoining} onDone={() => setIsBack(true)} />
  if (keeping.type === 'open') return <Enrolment onJoining={onJoining} />
  if (made && written) return <ChooseLock made={made} />
  if (made) return <WriteDown code={made.code} onDone={() => setWritten(true)} />
  if (restoring)
    return (
      <Restore
        onRoot={(root) => {
          setMade(keeper.make(root))
          setWritten(true)
        }}
        onBack={() => setRestoring(false)}
      />
    )
  return <Begin onMake={() => setMade(keeper.make())} onRestore={() => setRestoring(true)} />
}

function Begin({ onMake, onRestore }: { readonly onMake: () => void; readonly onRestore: () => void }) {
  const words = useWords()
  return (
    <>
      <Heading title={words.wallet.begin} lead={words.wallet.beginLead} />
      <div className="row">
        <Button size="lg" onClick={onMake}>
          {words.wallet.make}
        </Button>
        <Button size="lg" variant="default" onClick={onRestore}>
          {words.wallet.restore}
        </Button>
      </div>
    </>
  )
}

function WriteDown({ code, onDone }: { readonly code: string; readonly onDone: () => void }) {
  const words = useWords()
  const [sure, setSure] = useState(false)
  return (
    <>
      <Heading title={words.wallet.codeTitle} lead={words.wallet.codeLead} />
      <div className="card stack">
        <RecoveryCode code={code} />
        <div className="no-print">
          <Button variant="default" onClick={() => window.print()}>
            {words.wallet.print}
          </Button>
        </div>
      </div>
      <div className="stack no-print">
        <Checkbox
          label={words.wallet.written}
          checked={sure}
          onChange={(event) => setSure(event.currentTarget.checked)}
        />
        <div>
          <Button size="lg" disabled={!sure} onClick={onDone}>
            {words.wallet.goOn}
          </Button>
        </div>
      </div>
    </>
  )
}

function ChooseLock({ made }: { readonly made: Made }) {
  const words = useWords()
  const [refused, setRefused] = useState<LockRefusal | null>(null)
  const [busy, setBusy] = useState(false)
  const can = hasPasskeys()
  const choose = async (by: 'device' | 'passkey'): Promise<void> => {
    setBusy(true)
    setRefused(await made.protect(by))
    setBusy(false)
  }
  return (
    <>
      <Heading title={words.wallet.lockTitle} />
      {refused && <Note tone="care">{refused === 'no-prf' ? words.wallet.noPrf : words.wallet.turnedAway}</Note>}
      <div className="options">
        <button type="button" className="option" disabled={busy || !can} onClick={() => void choose('passkey')}>
          <strong>{words.wallet.passkey}</strong>
          <span className="small">{can ? words.wallet.passkeyWhat : words.wallet.noPasskeys}</span>
        </button>
        <button type="button" className="option" disabled={busy} onClick={() => void choose('device')}>
          <strong>{words.wallet.device}</strong>
          <span className="small">{words.wallet.deviceWhat}</span>
        </button>
      </div>
      {busy && <Waiting />}
    </>
  )
}

function Restore({ onRoot, onBack }: { readonly onRoot: (root: Uint8Array) => void; readonly onBack: () => void }) {
  const words = useWords()
  const [typed, setTyped] = useState('')
  const [fault, setFault] = useState<keyof typeof words.wallet.codeFaults | null>(null)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        const read = rootOfRecoveryCode(typed)
        if (read.ok) onRoot(read.value)
        else setFault(read.reason.type)
      }}
    >
      <Heading title={words.wallet.restoreTitle} lead={words.wallet.restoreLead} />
      <TextInput
        label={words.wallet.restoreLabel}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        error={fault && words.wallet.codeFaults[fault]}
        autoComplete="off"
        spellCheck={false}
      />
      <div className="row">
        <Button type="submit" size="lg">
          {words.wallet.restoreGo}
        </Button>
        <Button type="button" size="lg" variant="default" onClick={onBack}>
          {words.back}
        </Button>
      </div>
    </form>
  )
}

type Step = 'done' | 'now' | 'waiting' | { readonly refused: string }

function Enrolment({ onJoining }: { readonly onJoining: (joining: boolean) => void }) {
  const words = useWords()
  const { desk, token, keeper } = useShared()
  const [steps, setSteps] = useState<Readonly<Record<string, Step>> | null>(null)
  const [patients] = useState<readonly DeskPatient[]>(() => desk?.patients ?? [])
  const [chosen, setChosen] = useState(patients[0]?.patient)
  const chart = patients.find(({ patient }) => patient === chosen)
  if (!keeper) return <Waiting />
  if (!desk || token === null || !chart)
    return (
      <>
        <Heading title={words.wallet.joinTitle} lead={words.joining.lead} />
        <section className="card">
          <JoinPlace />
        </section>
      </>
    )
  const join = async (): Promise<void> => {
    const set = (id: string, step: Step): void => setSteps((known) => ({ ...known, [id]: step }))
    onJoining(true)
    setSteps(Object.fromEntries(chart.custodians.map(({ id }) => [id, 'waiting' as const])))
    for (const { id } of chart.custodians) {
      set(id, 'now')
      const code = await codeFrom(token, chart.patient, id)
      const refused = code.ok ? await keeper.enrol(id, code.value.code).catch(() => 'offline') : code.reason.type
      set(id, refused === null ? 'done' : { refused })
    }
    onJoining(false)
  }
  return (
    <>
      <Heading title={words.wallet.joinTitle} lead={words.wallet.joinLead(chart.custodians.length)} />
      {patients.length > 1 && (
        <NativeSelect
          className="narrow"
          label={words.wallet.play}
          value={chart.patient}
          disabled={steps !== null}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={patients.map(({ patient, custodians }) => ({
            value: patient,
            label: words.wallet.chart(patient, custodians.length),
          }))}
        />
      )}
      <ul className="card lines">
        {chart.custodians.map(({ id, name }) => (
          <li key={id}>
            <span>{name}</span>
            <StepMark step={steps?.[id]} />
          </li>
        ))}
      </ul>
      <div>
        <Button size="lg" loading={steps !== null} onClick={() => void join()}>
          {words.wallet.join(chart.custodians.length)}
        </Button>
      </div>
    </>
  )
}

function StepMark({ step }: { readonly step: Step | undefined }) {
  const words = useWords()
  if (step === undefined) return null
  if (step === 'done') return <Mark tone="good">{words.wallet.joined}</Mark>
  if (step === 'now') return <Mark>{words.wallet.joining}</Mark>
  if (step === 'waiting') return <Mark>{words.wallet.waiting}</Mark>
  return <Mark tone="no">{words.refusal(step.refused)}</Mark>
}
