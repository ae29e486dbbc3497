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
    const way = wayTo(document.activeElement)
    dialog.current?.showModal()
    // Where the page takes the dialog away, or what opened it, the platform gives the focus to nobody.
    return () => giveBack(way)
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

/** What opened a dialog, and what it stood in, from the inside out. */
function wayTo(opener: Element | null): readonly HTMLElement[] {
  const way: HTMLElement[] = []
  for (let at = opener; at instanceof HTMLElement && at !== document.body; at = at.parentElement) way.push(at)
  return way
}

function giveBack(way: readonly HTMLElement[]): void {
  const left = way.find((each) => each.isConnected)
  if (!left) return
  if (left !== way[0]) left.tabIndex = -1
  left.focus()
}
