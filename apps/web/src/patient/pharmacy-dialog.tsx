/** Which pharmacy may fill an item: what would change is shown before anything is signed, and then how it went. */
import { Button } from '@mantine/core'
import type { WalletPrescription } from '@plexus/sdk'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Dialog } from '../look/dialog.tsx'
import { Note, Waiting } from '../look/parts.tsx'
import type { Organisation } from '../wallet/organisations.ts'
import { placeItem } from '../wallet/prescriptions.ts'
import { useWords } from '../words/use-words.tsx'
import { OrganisationSelect } from './organisation-select.tsx'

type Progress = 'choosing' | 'done' | 'signing' | { readonly refused: string }

export function PharmacyDialog({
  item,
  act,
  onClose,
}: {
  readonly item: WalletPrescription
  readonly act: 'name' | 'take-back'
  readonly onClose: () => void
}) {
  const words = useWords()
  const { keeper } = useShared()
  const says = words.prescriptions
  const [pharmacy, setPharmacy] = useState<Organisation | null>(null)
  const chosen = pharmacy?.id ?? ''
  const [progress, setProgress] = useState<Progress>('choosing')
  // As it was when the dialog was opened: what is signed is what was shown.
  const [before] = useState(item.place.type === 'nowhere' ? null : item.place.pharmacy)
  const nameOf = (id: string): string => (id === pharmacy?.id ? pharmacy.name : (keeper?.knownName(id) ?? id))
  const sign = async (): Promise<void> => {
    if (!keeper) return
    setProgress('signing')
    const refused = await placeItem(keeper, item.handle, act === 'name' ? chosen : null).catch(() => 'offline')
    setProgress(refused === null ? 'done' : { refused })
  }
  const canSign = act === 'take-back' || chosen !== ''
  return (
    <Dialog
      title={act === 'name' ? says.preview.chooseTitle : says.preview.backTitle}
      busy={progress === 'signing'}
      onClose={onClose}
    >
      <p>
        <strong>{item.content.drug.display}</strong>
      </p>
      {act === 'name' && progress !== 'done' && (
        <OrganisationSelect
          label={says.pharmacy}
          value={chosen}
          disabled={progress === 'signing'}
          onChoose={setPharmacy}
        />
      )}
      {canSign && progress !== 'done' && <Preview before={before} chosen={chosen} nameOf={nameOf} />}
      {progress === 'signing' && <Waiting says={says.preview.signing} />}
      {typeof progress === 'object' && <Note tone="no">{words.refusal(progress.refused)}</Note>}
      {progress === 'done' && (
        <p role="status">{act === 'name' ? says.preview.there(nameOf(chosen)) : says.preview.back}</p>
      )}
      {progress !== 'done' && <p className="small">{says.preview.stays}</p>}
      <div className="row">
        {progress === 'done' ? (
          <Button onClick={onClose}>{words.close}</Button>
        ) : (
          <>
            <Button disabled={!canSign} loading={progress === 'signing'} onClick={() => void sign()}>
              {words.sharing.preview.sign}
            </Button>
            <Button variant="default" disabled={progress === 'signing'} onClick={onClose}>
              {words.cancel}
            </Button>
          </>
        )}
      </div>
    </Dialog>
  )
}

function Preview({
  before,
  chosen,
  nameOf,
}: {
  readonly before: string | null
  readonly chosen: string
  readonly nameOf: (pharmacy: string) => string
}) {
  const words = useWords()
  const { preview } = words.prescriptions
  const rows = [
    ...(before !== null && before !== chosen ? [{ who: before, now: preview.may, after: preview.mayNot }] : []),
    ...(chosen === ''
      ? []
      : [{ who: chosen, now: before === chosen ? preview.may : preview.knowsNothing, after: preview.mayFill }]),
  ]
  return (
    <table className="change">
      <thead>
        <tr>
          <th scope="col">{preview.who}</th>
          <th scope="col">{words.sharing.preview.from}</th>
          <th scope="col">{words.sharing.preview.to}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ who, now, after }) => (
          <tr key={who}>
            <th scope="row">{nameOf(who)}</th>
            <td>{now}</td>
            <td>
              <strong>{after}</strong>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
