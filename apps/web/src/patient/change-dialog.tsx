/** A change of directives before it is signed, place by place, and then how it takes effect. */
import { Button } from '@mantine/core'
import type { Directive } from '@plexus/policy'
import { type ReactNode, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Dialog } from '../look/dialog.tsx'
import { Mark, Note } from '../look/parts.tsx'
import type { Relation, WalletView } from '../wallet/keeping.ts'
import { useWords } from '../words/use-words.tsx'

export interface PlaceChange {
  readonly relation: Relation
  readonly directives: readonly Directive[]
  readonly before: ReactNode
  readonly after: ReactNode
}

type Progress = 'now' | 'waiting' | { readonly height: number } | { readonly refused: string }

export function ChangeDialog({
  title,
  changes,
  view,
  waiting = null,
  onClose,
}: {
  readonly title: string
  /** As they were when the dialog was opened: what is signed is what was shown. */
  readonly changes: readonly PlaceChange[]
  readonly view: WalletView
  /** Said while the preview is not there yet; nothing is signed before. */
  readonly waiting?: ReactNode
  readonly onClose: () => void
}) {
  const words = useWords()
  const { keeper } = useShared()
  const [signing, setSigning] = useState<readonly PlaceChange[] | null>(null)
  const [progress, setProgress] = useState<Readonly<Record<string, Progress>>>({})
  const [busy, setBusy] = useState(false)
  const { preview } = words.sharing
  const shown = signing ?? changes
  const sign = async (): Promise<void> => {
    setBusy(true)
    setSigning(changes)
    setProgress(Object.fromEntries(changes.map(({ relation }) => [relation.custodian, 'waiting' as const])))
    for (const { relation, directives } of changes) {
      const { custodian } = relation
      setProgress((known) => ({ ...known, [custodian]: 'now' }))
      const done = (await keeper?.sign(custodian, directives).catch(() => null)) ?? { refused: 'offline' }
      setProgress((known) => ({ ...known, [custodian]: done }))
    }
    setBusy(false)
  }
  const isInForce = (custodian: string): boolean =>
    view.relations.find((each) => each.custodian === custodian)?.inForceAt !== null
  return (
    <Dialog title={title} busy={busy} onClose={onClose}>
      <table className="change">
        <thead>
          <tr>
            <th scope="col">{preview.places(shown.length)}</th>
            <th scope="col">{signing ? words.story.done : preview.from}</th>
            {!signing && <th scope="col">{preview.to}</th>}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ relation: { custodian, name }, before, after }) => (
            <tr key={custodian}>
              <th scope="row">{name}</th>
              {signing ? (
                <td>
                  <ProgressMark progress={progress[custodian]} inForce={isInForce(custodian)} />
                </td>
              ) : (
                <>
                  <td>{before}</td>
                  <td>
                    <strong>{after}</strong>
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {waiting}
      {shown.length === 0 && !waiting && <Note>{preview.nothing}</Note>}
      <p className="small">
        {preview.stays} {preview.emergency}
      </p>
      <div className="row">
        {signing && !busy ? (
          <Button onClick={onClose}>{words.close}</Button>
        ) : (
          <>
            <Button
              loading={busy}
              disabled={shown.length === 0 || waiting !== null}
              onClick={() => void sign()}
              data-autofocus
            >
              {preview.sign}
            </Button>
            <Button variant="default" disabled={busy} onClick={onClose}>
              {words.cancel}
            </Button>
          </>
        )}
      </div>
    </Dialog>
  )
}

function ProgressMark({ progress, inForce }: { readonly progress: Progress | undefined; readonly inForce: boolean }) {
  const words = useWords()
  if (progress === undefined || progress === 'waiting') return <Mark>{words.sharing.progress.waiting}</Mark>
  if (progress === 'now') return <Mark>{words.sharing.progress.signing}</Mark>
  if ('refused' in progress)
    return (
      <Mark tone="no">
        {words.sharing.progress.refused}: {words.refusal(progress.refused)}
      </Mark>
    )
  return (
    <span className="stack stack-tight">
      {inForce && <Mark tone="good">{words.sharing.progress.inForce}</Mark>}
      <span className="small">{words.sharing.progress.closed(progress.height)}</span>
    </span>
  )
}
