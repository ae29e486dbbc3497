/** Who looked: a live feed of receipts, those of one request together. */
import { Button } from '@mantine/core'
import type { Look } from '@plexus/sdk'
import { useEffect, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Mark, Note, type Tone } from '../look/parts.tsx'
import { Unfolding } from '../look/unfolding.tsx'
import type { WalletView } from '../wallet/keeping.ts'
import { dayOf, momentOf, timeOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'
import { ProofDialog } from './proof-dialog.tsx'
import { WrongAccess } from './wrong-access.tsx'

/** Looks that one click made: same asker, same clinician, within half a minute. */
interface Occasion {
  readonly key: string
  readonly looks: readonly Look[]
}

const togetherSeconds = 30
/** More would be scrolled past; the rest is one tap away. */
const shownAtFirst = 40

export function LooksPage({ view }: { readonly view: WalletView }) {
  const words = useWords()
  const { tell } = useShared()
  const [proving, setProving] = useState<Look | null>(null)
  const occasions = together(view.looks)
  const hasLooks = view.looks.length > 0
  useEffect(() => {
    if (hasLooks) tell('see')
  }, [hasLooks, tell])
  return (
    <>
      <Heading
        title={words.looks.title}
        lead={words.looks.lead}
        aside={
          <span
            className="mark mark-good"
            title={view.fetchedAt === null ? undefined : words.looks.checkedAt(timeOf(view.fetchedAt, words.locale))}
          >
            <span className="pulse" aria-hidden />
            {words.looks.live}
          </span>
        }
      />
      <Findings view={view} />
      {!hasLooks && (
        <div className="card card-quiet stack stack-tight">
          <h2>{words.looks.none}</h2>
          <p className="lead">{words.looks.noneNext}</p>
        </div>
      )}
      <Unfolding items={occasions} first={shownAtFirst} className="stack" isLive>
        {({ key, looks }) => <OccasionCard key={key} looks={looks} view={view} onProve={setProving} />}
      </Unfolding>
      {proving && <ProofDialog look={proving} view={view} onClose={() => setProving(null)} />}
    </>
  )
}

function Findings({ view }: { readonly view: WalletView }) {
  const words = useWords()
  // What only one side has told is usually seconds old: it stands at its look.
  const open = view.findings.filter(({ type }) => type !== 'unconfirmed')
  if (open.length === 0) return view.looks.length === 0 ? null : <p className="small">{words.looks.allWell}</p>
  const types = [...new Set(open.map(({ type }) => type))]
  return (
    <Note tone="care" title={words.looks.problems(open.length)}>
      <ul>
        {types.map((type) => (
          <li key={type}>{words.looks.findings[type] ?? type}</li>
        ))}
      </ul>
    </Note>
  )
}

function OccasionCard({
  looks,
  view,
  onProve,
}: {
  readonly looks: readonly Look[]
  readonly view: WalletView
  readonly onProve: (look: Look) => void
}) {
  const words = useWords()
  const [open, setOpen] = useState(false)
  const [first] = looks
  if (!first) return null
  const own = first.decision.type === 'own-staff'
  const who = nameIn(view, first.requester ?? first.custodian)
  const refused = looks.filter(({ decision }) => decision.type === 'refuse').length
  const given = looks.filter((look) => isGiven(look)).length
  const tone: Tone = given === 0 ? (refused > 0 ? 'no' : 'plain') : refused > 0 ? 'care' : 'plain'
  return (
    <li className="card look appear">
      <div className="row apart">
        <h2>{own ? words.looks.read(who) : words.looks.asked(who)}</h2>
        <span className="small">{momentOf(first.madeAt, words.locale)}</span>
      </div>
      <p>
        {first.clinician !== null && <>{words.looks.clinician(first.clinician)}, </>}
        {own
          ? words.looks.decisions['own-staff'].toLowerCase()
          : first.purpose
            ? words.looks.purposes[first.purpose]
            : words.looks.unknownPurpose}
        . <span className="small">{words.looks.evidence[evidenceOf(first)]}</span>
      </p>
      <div className="row apart">
        <div className="row">
          {!own && <Mark tone={tone}>{words.looks.counts(given, refused) || words.looks.voided}</Mark>}
          {first.grade && <span className="small">{words.looks.grades[first.grade]}</span>}
        </div>
        <Button variant="default" aria-expanded={open} onClick={() => setOpen(!open)}>
          {words.looks.details}
        </Button>
      </div>
      {open && (
        <ul className="look-places">
          {looks.map((look) => (
            <li key={`${look.custodian}/${look.number}`}>
              <div className="stack stack-tight">
                <div className="row">
                  <strong>{nameIn(view, look.custodian)}</strong>
                  <DecisionMark look={look} />
                </div>
                <span className="small">
                  {look.decision.type === 'refuse' && `${words.refusal(look.decision.code)} `}
                  {words.looks.receipt(look.number, look.height)} · {words.looks.told[toldBy(look)]} ·{' '}
                  {look.verified ? words.looks.checked : words.looks.notChecked}
                </span>
                {look.emergency && <Review look={look} />}
              </div>
              <Button variant="light" onClick={() => onProve(look)}>
                {words.looks.verify}
              </Button>
              <WrongAccess look={look} view={view} />
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

/** What the people of a place found who looked at an emergency afterwards. */
function Review({ look: { review } }: { readonly look: Look }) {
  const { looks, locale } = useWords()
  if (!review) return <span className="small">{looks.reviewPending}</span>
  return (
    <span className="row" data-verdict={review.verdict}>
      <Mark tone={review.verdict === 'justified' ? 'good' : 'no'}>{looks.verdicts[review.verdict]}</Mark>
      <span className="small">{looks.reviewed(dayOf(review.madeAt, locale))}</span>
    </span>
  )
}

function DecisionMark({ look }: { readonly look: Look }) {
  const words = useWords()
  if (look.voided || look.decision.type === 'void') return <Mark>{words.looks.voided}</Mark>
  const tone = look.decision.type === 'refuse' ? 'no' : 'plain'
  return <Mark tone={tone}>{words.looks.decisions[look.decision.type]}</Mark>
}

const isGiven = ({ decision, voided }: Look): boolean =>
  !voided && (decision.type === 'permit' || decision.type === 'part')

const toldBy = ({ confirmedBy, decision }: Look): 'both' | 'custodian' | 'requester' =>
  confirmedBy.length > 1 ? 'both' : decision.type === 'own-staff' ? 'custodian' : (confirmedBy[0] ?? 'custodian')

function evidenceOf({
  decision,
  checkIns,
  emergency,
  otherEvidence,
}: Look): keyof ReturnType<typeof useWords>['looks']['evidence'] {
  if (decision.type === 'own-staff') return 'own-staff'
  if (emergency) return emergency.reason
  if (checkIns.length > 0) return 'check-in'
  return otherEvidence > 0 ? 'other' : 'none'
}

export function nameIn({ relations }: WalletView, organisation: string): string {
  return relations.find(({ custodian }) => custodian === organisation)?.name ?? organisation
}

/** Newest first, as the wallet gives them. */
function together(looks: readonly Look[]): readonly Occasion[] {
  const occasions: { key: string; looks: Look[] }[] = []
  for (const look of looks) {
    const last = occasions.at(-1)
    const newest = last?.looks[0]
    const same =
      newest &&
      look.decision.type !== 'own-staff' &&
      newest.requester === look.requester &&
      newest.clinician === look.clinician &&
      // An emergency never hides behind an ordinary request of the same hour.
      newest.purpose === look.purpose &&
      newest.grade === look.grade &&
      newest.madeAt - look.madeAt <= togetherSeconds &&
      (newest.decision.type === 'refuse') === (look.decision.type === 'refuse')
    if (last && same) last.looks.push(look)
    else occasions.push({ key: `${look.custodian}/${look.number}`, looks: [look] })
  }
  return occasions
}
