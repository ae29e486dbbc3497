/** A dialog of the platform: it traps focus, closes by Escape, and gives the focus back (HTML, the dialog element). */
import { IconX } from '@tabler/icons-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { useWords } from '../words/use-words.tsx'

export function Dialog({
  title,
  busy = false,
  onClose,
  children,
}: {
  readonly title: string
  /** Something is under way that must not lose its place on the screen. */
  readonly busy?: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const words = useWords()
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onClose={onClose}
      onCancel={(event) => {
        if (busy) event.preventDefault()
      }}
    >
      <div className="dialog-top">
        <h2 id={id}>{title}</h2>
        {!busy && (
          <button
            type="button"
            className="dialog-close"
            aria-label={words.close}
            onClick={() => dialog.current?.close()}
          >
            <IconX size={20} aria-hidden />
          </button>
        )}
      </div>
      <div className="stack">{children}</div>
    </dialog>
  )
}
