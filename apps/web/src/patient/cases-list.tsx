/** Everything that this patient said is wrong, newest first. */

import type { WalletView } from '../wallet/keeping.ts'
import { useWords } from '../words/use-words.tsx'
import { CaseNote } from './case-note.tsx'

export function CasesList({ view }: { readonly view: WalletView }) {
  const words = useWords()
  return (
    <section className="card stack" aria-labelledby="cases">
      <h2 id="cases">{words.cases.listTitle}</h2>
      {view.cases.length === 0 && <p className="small">{words.cases.listNone}</p>}
      <ul className="stack">
        {view.cases.map((held) => (
          <li key={held.id} className="stack stack-tight">
            <span className="small">{words.cases.kinds[held.subject.type]}</span>
            <CaseNote
              held={held}
              name={view.relations.find(({ custodian }) => custodian === held.custodian)?.name ?? held.custodian}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
