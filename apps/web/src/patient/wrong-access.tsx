/** Beside a look: what was said against it, and the way to say so. */
import { parseHex, toHex } from '@plexus/codec'
import type { Look } from '@plexus/sdk'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { openCase } from '../wallet/cases.ts'
import type { WalletView } from '../wallet/keeping.ts'
import { useWords } from '../words/use-words.tsx'
import { CaseDialog } from './case-dialog.tsx'
import { CaseNote } from './case-note.tsx'

export function WrongAccess({ look, view }: { readonly look: Look; readonly view: WalletView }) {
  const words = useWords()
  const { keeper } = useShared()
  const [writing, setWriting] = useState(false)
  const { custodian } = look
  const name = view.relations.find((each) => each.custodian === custodian)?.name ?? custodian
  const said = view.cases.filter(
    (held) =>
      held.custodian === custodian && held.subject.type === 'access' && toHex(held.subject.receipt) === look.receipt,
  )
  const send = async (_: string, typed: string): Promise<string | null> => {
    const receipt = parseHex(look.receipt)
    if (!keeper || !receipt) return 'offline'
    return openCase(keeper, custodian, { subject: { type: 'access', receipt }, words: typed })
  }
  return (
    <div className="wrong">
      {said.map((held) => (
        <CaseNote key={held.id} held={held} name={name} />
      ))}
      {said.length === 0 && (
        <button type="button" className="quiet" onClick={() => setWriting(true)}>
          {words.cases.wrongAccess}
        </button>
      )}
      {writing && (
        <CaseDialog
          title={words.cases.accessTitle}
          lead={words.cases.accessLead(name)}
          small={words.cases.complainElsewhere}
          places={[{ custodian, name }]}
          send={send}
          onClose={() => setWriting(false)}
        />
      )}
    </div>
  )
}
