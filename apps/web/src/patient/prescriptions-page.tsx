/** What was prescribed: each item in words, where it is, what was filled; recalls; and keys for whoever prescribes next. */
import { Button, NativeSelect } from '@mantine/core'
import type { WalletPrescription } from '@plexus/sdk'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Mark, Note, type Tone } from '../look/parts.tsx'
import type { Recall, WalletView } from '../wallet/keeping.ts'
import { keysForOrder } from '../wallet/prescriptions.ts'
import { dateOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'
import { PharmacyDialog } from './pharmacy-dialog.tsx'

const secondsPerDay = 86_400
const lines = ['1', '2', '3', '4', '5', '6']

type Asked = { readonly handle: string; readonly act: 'name' | 'take-back' }

export function PrescriptionsPage({ view }: { readonly view: WalletView }) {
  const words = useWords()
  const [asked, setAsked] = useState<Asked | null>(null)
  const open = view.prescriptions.find(({ handle }) => handle === asked?.handle)
  return (
    <>
      <Heading title={words.prescriptions.title} lead={words.prescriptions.lead} />
      {view.recalls.map((recall) => (
        <RecallNote key={`${recall.maker}/${recall.lot}/${recall.serials.join()}`} recall={recall} />
      ))}
      {view.prescriptions.length === 0 && <Note title={words.prescriptions.none}>{words.prescriptions.noneNext}</Note>}
      {view.prescriptions.length > 0 && (
        <ul className="stack" data-prescriptions>
          {view.prescriptions.map((item) => (
            <li key={item.handle}>
              <Item item={item} onAct={(act) => setAsked({ handle: item.handle, act })} />
            </li>
          ))}
        </ul>
      )}
      <Keys />
      {asked && open && <PharmacyDialog item={open} act={asked.act} onClose={() => setAsked(null)} />}
    </>
  )
}

function RecallNote({ recall: { maker, lot, serials } }: { readonly recall: Recall }) {
  const words = useWords()
  return (
    <div className="note note-no" data-recall>
      <strong>{words.prescriptions.recallTitle}</strong>
      <div className="stack stack-tight">
        <span>{words.prescriptions.recall(maker, lot)}</span>
        <span>
          {words.prescriptions.recallNext} <span className="mono">{serials.join(', ')}</span>
        </span>
      </div>
    </div>
  )
}

function Item({ item, onAct }: { readonly item: WalletPrescription; readonly onAct: (act: Asked['act']) => void }) {
  const words = useWords()
  const { content, status, marked, filled, fill, fills, naming, refused, place } = item
  const { drug, quantity, unit, directions, issuedDay, lastDay, prescriber, refills } = content
  const says = words.prescriptions
  // Days are counted where it was issued, so that they stand still in any zone.
  const onDay = (day: number): string =>
    dateOf(new Date(day * secondsPerDay * 1000).toISOString().slice(0, 10), words.locale)
  const isOver = status === 'cancelled' || status === 'expired' || status === 'not-dispensed'
  const choice = place.type === 'nowhere' ? (status === 'filled' ? says.refill : says.choose) : says.move
  return (
    <article className="card stack" aria-label={drug.display} data-item={item.handle} data-status={status ?? 'none'}>
      <div className="row apart">
        <h2>{drug.display}</h2>
        <Mark tone={toneOf(item)}>{status === null ? says.notYet : says.statuses[status]}</Mark>
      </div>
      <p>
        <strong>{says.amount(quantity, unit)}</strong> · {directions}
      </p>
      {refused !== null && <Note tone="no">{says.refused(refused)}</Note>}
      {marked && <Note tone="care">{says.marked}</Note>}
      {!isOver && status !== null && <PlaceLine item={item} />}
      {(filled > 0 || fills.length > 0 || refills > 0) && (
        <div className="row">
          <progress value={filled} max={quantity} aria-label={says.filledOf(filled, quantity)} />
          <span className="small">
            {says.filledOf(filled, quantity)}
            {refills > 0 && ` · ${says.fillOf(fill, refills + 1)}`}
          </span>
        </div>
      )}
      {fills.length > 0 && <Fills item={item} />}
      <p className="small">
        {says.by(prescriber.organisation, onDay(issuedDay))}
        {!isOver && ` · ${says.until(onDay(lastDay))}`}
      </p>
      {naming === null && (
        <div className="row">
          <Button onClick={() => onAct('name')}>{choice}</Button>
          {place.type === 'named' && (
            <Button variant="default" onClick={() => onAct('take-back')}>
              {says.takeBack}
            </Button>
          )}
        </div>
      )}
      {naming === 'held-by-another' && <p className="small">{says.whyNot}</p>}
    </article>
  )
}

function Fills({ item: { content, fills } }: { readonly item: WalletPrescription }) {
  const words = useWords()
  const says = words.prescriptions
  return (
    <section className="stack stack-tight">
      <h3>{says.dispensed}</h3>
      <ul className="lines">
        {fills.map((each) => (
          <li key={`${each.fill}/${each.day}/${each.quantity}/${each.lot}`} data-fill={each.standing}>
            <span>
              {says.amount(each.quantity, content.unit)}: {each.product.display}, {says.lot(each.lot)}
            </span>
            {each.recalled.length > 0 ? (
              <Mark tone="no">{says.recallTitle}</Mark>
            ) : (
              <Mark tone={each.standing === 'holds' ? 'good' : each.standing === 'refused' ? 'no' : 'plain'}>
                {says.standings[each.standing]}
              </Mark>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Keys() {
  const words = useWords()
  const { keeper } = useShared()
  const says = words.prescriptions
  const [count, setCount] = useState('1')
  const [given, setGiven] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState(false)
  const give = async (): Promise<void> => {
    setBusy(true)
    const made = keeper ? await keysForOrder(keeper, Number(count)).catch(() => null) : null
    setBusy(false)
    setFailed(made === null)
    setGiven(made)
  }
  return (
    <section className="card card-quiet stack" aria-labelledby="keys">
      <h2 id="keys">{says.keys}</h2>
      <p className="small">{says.keysLead}</p>
      {failed && <Note tone="no">{words.refusal('not-enrolled')}</Note>}
      {given !== null && (
        <textarea className="given-keys mono" readOnly rows={6} value={given} aria-label={says.keysShown} data-keys />
      )}
      <div className="row row-low">
        <NativeSelect
          label={says.keysLines}
          value={count}
          onChange={({ currentTarget }) => setCount(currentTarget.value)}
          data={lines}
        />
        <Button variant="default" loading={busy} onClick={() => void give()}>
          {says.keysGive}
        </Button>
      </div>
    </section>
  )
}

function PlaceLine({ item: { place, status } }: { readonly item: WalletPrescription }) {
  const words = useWords()
  const { keeper } = useShared()
  const says = words.prescriptions
  const nameOf = (pharmacy: string): string => keeper?.knownName(pharmacy) ?? pharmacy
  if (place.type === 'nowhere') return status === 'completed' ? null : <p data-place>{says.nobody}</p>
  if (place.type === 'named') {
    const who = nameOf(place.pharmacy)
    return <p data-place>{place.brought ? says.named(who) : says.notBrought(who)}</p>
  }
  const held = place.pharmacy === null ? says.heldBySome : says.held(nameOf(place.pharmacy))
  return <p data-place>{place.offered ? `${held} ${says.offered}` : held}</p>
}

function toneOf({ status, refused }: WalletPrescription): Tone {
  if (refused !== null || status === 'cancelled') return 'no'
  if (status === 'filled' || status === 'completed') return 'good'
  return status === 'signed' || status === 'expired' || status === 'not-dispensed' ? 'care' : 'plain'
}
