/** Beside a line of the own record: what was said against it, and the way to say so. */
import type { Line } from '@plexus/assembly'
import { parseHex, toHex } from '@plexus/codec'
import { useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { openCase } from '../wallet/cases.ts'
import type { WalletView } from '../wallet/keeping.ts'
import { useWords } from '../words/use-words.tsx'
import { CaseDialog } from './case-dialog.tsx'
import { CaseNote } from './case-note.tsx'

/** By custodian and record version: those about entries. */
export type CasesOfEntries = ReadonlyMap<string, readonly WalletView['cases'][number][]>

export function casesOfEntries({ cases }: WalletView): CasesOfEntries {
  const found = new Map<string, WalletView['cases'][number][]>()
  for (const held of cases) {
    if (held.subject.type !== 'record') continue
    const key = `${held.custodian}/${toHex(held.subject.record)}`
    found.set(key, [...(found.get(key) ?? []), held])
  }
  return found
}

export function WrongEntry({
  line,
  cases,
  view,
}: {
  readonly line: Line
  readonly cases: CasesOfEntries
  readonly view: WalletView
}) {
  const words = useWords()
  const { keeper } = useShared()
  const [writing, setWriting] = useState(false)
  const nameOf = (custodian: string): string =>
    view.relations.find((each) => each.custodian === custodian)?.name ?? custodian
  const said = line.sources.flatMap(({ custodian, record }) => cases.get(`${custodian}/${record}`) ?? [])
  const display = line.display || line.resourceType
  // A place may have written it more than once: the first is the newest.
  const places = [...new Set(line.sources.map(({ custodian }) => custodian))].map((custodian) => ({
    custodian,
    name: nameOf(custodian),
  }))
  const send = async (custodian: string, typed: string): Promise<string | null> => {
    const record = parseHex(line.sources.find((each) => each.custodian === custodian)?.record ?? '')
    if (!keeper || !record) return 'offline'
    return openCase(keeper, custodian, { subject: { type: 'record', record }, words: typed })
  }
  return (
    <div className="wrong">
      {said.map((held) => (
        <CaseNote key={held.id} held={held} name={nameOf(held.custodian)} />
      ))}
      {said.every(({ state }) => state === 'accepted') && (
        <button
          type="button"
          className="quiet no-print"
          aria-label={words.cases.wrongEntry(display)}
          onClick={() => setWriting(true)}
        >
          {words.cases.wrong}
        </button>
      )}
      {writing && (
        <CaseDialog
          title={words.cases.entryTitle}
          lead={words.cases.entryLead(display)}
          small={words.cases.entryMeanwhile}
          places={places}
          send={send}
          onClose={() => setWriting(false)}
        />
      )}
    </div>
  )
}
