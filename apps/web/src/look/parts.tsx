/** Small things that every page shows in the same way. */
import { Loader } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useWords } from '../words/use-words.tsx'

export type Tone = 'care' | 'good' | 'no' | 'plain'

const icons = { care: IconAlertTriangle, good: IconCheck, no: IconX } as const

/** A word of state; its icon says the same, so that colour alone says nothing (WCAG 1.4.1). */
export function Mark({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  const Icon = tone === 'plain' ? null : icons[tone]
  return (
    <span className={tone === 'plain' ? 'mark' : `mark mark-${tone}`}>
      {Icon && <Icon size={15} stroke={2.4} aria-hidden />}
      {children}
    </span>
  )
}

export function Note({
  tone = 'plain',
  title,
  children,
}: {
  readonly tone?: Tone
  readonly title?: string
  readonly children?: ReactNode
}) {
  return (
    <div
      className={tone === 'care' || tone === 'no' ? `note note-${tone}` : 'note'}
      role={tone === 'no' ? 'alert' : undefined}
    >
      {title && <strong>{title}</strong>}
      {children && <div>{children}</div>}
    </div>
  )
}

export function Waiting({ says }: { readonly says?: string }) {
  const words = useWords()
  return (
    <p className="row" role="status">
      <Loader size="sm" aria-hidden />
      {says ?? words.loading}
    </p>
  )
}

export function Heading({
  title,
  lead,
  aside,
}: {
  readonly title: string
  readonly lead?: string
  readonly aside?: ReactNode
}) {
  return (
    <div className="stack stack-tight">
      <div className="row apart">
        <h1>{title}</h1>
        {aside}
      </div>
      {lead && <p className="lead">{lead}</p>}
    </div>
  )
}
