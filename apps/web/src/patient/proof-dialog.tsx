/** One receipt bundle, checked in this browser: in plain words what was proven and what was not. */
import { Button } from '@mantine/core'
import type { Look } from '@plexus/sdk'
import { useEffect, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Dialog } from '../look/dialog.tsx'
import { Mark, Note, Waiting } from '../look/parts.tsx'
import type { Proof, WalletView } from '../wallet/keeping.ts'
import type { Words } from '../words/english.ts'
import { useWords } from '../words/use-words.tsx'
import { nameIn } from './looks-page.tsx'

type Holding = Extract<Proof, { readonly type: 'holds' }>

export function ProofDialog({
  look,
  view,
  onClose,
}: {
  readonly look: Look
  readonly view: WalletView
  readonly onClose: () => void
}) {
  const words = useWords()
  const { keeper, tell } = useShared()
  const [proof, setProof] = useState<Proof | 'checking' | null>('checking')
  useEffect(() => {
    let gone = false
    const check = async (): Promise<void> => {
      const found = (await keeper?.prove(look).catch(() => null)) ?? null
      if (gone) return
      setProof(found)
      if (found?.type === 'holds') tell('verify')
    }
    void check()
    return () => {
      gone = true
    }
  }, [keeper, look, tell])
  return (
    <Dialog title={words.proof.title} onClose={onClose}>
      <p className="lead">{words.proof.lead}</p>
      {proof === 'checking' && <Waiting says={words.proof.checking} />}
      {proof === null && <Note tone="care">{words.proof.missing}</Note>}
      {proof !== null && proof !== 'checking' && proof.type === 'fails' && (
        <Note tone="no" title={words.proof.fails}>
          {words.proof.why}: <span className="mono">{proof.why}</span>
        </Note>
      )}
      {proof !== null && proof !== 'checking' && proof.type === 'holds' && (
        <Holds proof={proof} nameOf={(organisation) => nameIn(view, organisation)} />
      )}
      {proof !== null && proof !== 'checking' && (
        <div className="row">
          <Button variant="default" onClick={() => save(proof.bundle, `${look.custodian}-${look.number}.bundle`)}>
            {words.proof.save}
          </Button>
          <span className="small">{words.proof.saveWhat}</span>
        </div>
      )}
    </Dialog>
  )
}

function Holds({ proof, nameOf }: { readonly proof: Holding; readonly nameOf: (organisation: string) => string }) {
  const words = useWords()
  const { proven, notProven } = sentences(proof, words, nameOf)
  return (
    <>
      <div className="row">
        <Mark tone="good">{words.proof.holds}</Mark>
        <span className="small" data-milliseconds={Math.round(proof.milliseconds)}>
          {words.proof.took(Math.max(1, Math.round(proof.milliseconds)))}
        </span>
      </div>
      <h3>{words.proof.proven}</h3>
      <ul className="checks">
        {proven.map((each) => (
          <li key={each}>
            <span aria-hidden>✓</span>
            <span>{each}</span>
          </li>
        ))}
      </ul>
      <h3>{words.proof.notProven}</h3>
      <ul className="checks">
        {notProven.map((each) => (
          <li key={each}>
            <span aria-hidden>–</span>
            <span>{each}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

/** The same that `VerifiedAccess` says in English, from its facts. */
function sentences({ access, orderedBy }: Holding, words: Words, nameOf: (organisation: string) => string) {
  const { receipt, receiptHeight, intent, intentHeight, note } = access
  const custodian = nameOf(receipt.custodian)
  const proven = [words.proof.committed(custodian, receiptHeight)]
  const notProven = [orderedBy === 'one-key' ? words.proof.oneKey : words.proof.validators]
  if (!intent || intentHeight === null) {
    proven.push(words.proof.ownStaff(custodian))
    notProven.push(words.proof.ownUnwritten)
    return { proven, notProven }
  }
  proven.push(words.proof.intent(intentHeight))
  proven.push(words.proof.signed(nameOf(intent.requester), intent.clinician.npi))
  if (note) {
    proven.push(words.proof.decided(custodian, note.height))
    notProven.push(words.proof.decision, words.proof.together)
  } else notProven.push(words.proof.refusedNothing)
  return { proven, notProven }
}

function save(bytes: Uint8Array, name: string): void {
  const address = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
