/** Work of this organisation that waits for a person here: cases of patients, emergencies to review. */
import { Button } from '@mantine/core'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { Note, Waiting } from '../look/parts.tsx'
import { askJson } from '../node/door.ts'
import { useWords } from '../words/use-words.tsx'
import type { Session } from './session.ts'

type List<Answer> =
  | { readonly type: 'loading' }
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'here'; readonly answer: Answer }

interface ListWords {
  readonly lead: (member: string) => string
  readonly all: string
  readonly none: string
}

/** What waits, and with a tick all of it, as the member's node tells it; read again once something was answered. */
export function WorkList<Answer, Item extends { readonly id: string }>({
  says,
  session,
  path,
  itemsIn,
  card,
}: {
  readonly says: ListWords
  readonly session: Session
  /** Below the member's own. */
  readonly path: (all: boolean) => string
  readonly itemsIn: (answer: Answer, all: boolean) => readonly Item[]
  readonly card: (item: Item, onAnswered: () => void) => ReactNode
}) {
  const words = useWords()
  const { member, token } = session
  const [all, setAll] = useState(false)
  const [list, setList] = useState<List<Answer>>({ type: 'loading' })
  const asked = path(all)
  const load = useCallback(async (): Promise<void> => {
    const answer = await askJson<Answer>(`/v1/members/${member}/${asked}`, { token })
    setList(answer.ok ? { type: 'here', answer: answer.value } : { type: 'refused', code: answer.reason.type })
  }, [member, token, asked])
  useEffect(() => {
    void load()
  }, [load])
  const items = list.type === 'here' ? itemsIn(list.answer, all) : []
  return (
    <>
      <p className="lead">{says.lead(member)}</p>
      <label className="row">
        <input type="checkbox" checked={all} onChange={() => setAll(!all)} />
        {says.all}
      </label>
      {list.type === 'loading' && <Waiting />}
      {list.type === 'refused' && <Note tone="no">{words.refusal(list.code)}</Note>}
      {list.type === 'here' && items.length === 0 && <Note>{says.none}</Note>}
      <ul className="stack">{items.map((item) => card(item, () => void load()))}</ul>
    </>
  )
}

/** A form behind a button, which the answer closes. */
export function Answering({ says, form }: { readonly says: string; readonly form: (close: () => void) => ReactNode }) {
  const [open, setOpen] = useState(false)
  if (open) return form(() => setOpen(false))
  return (
    <div>
      <Button variant="default" onClick={() => setOpen(true)}>
        {says}
      </Button>
    </div>
  )
}
