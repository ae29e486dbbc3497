/** A long list, of which a page shows the beginning. The rest is one press away, and the focus goes to where it begins. */
import { Button } from '@mantine/core'
import { type ReactNode, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useWords } from '../words/use-words.tsx'

export function Unfolding<Item>({
  items,
  first,
  className,
  isLive = false,
  children,
}: {
  readonly items: readonly Item[]
  /** How many are shown before anything is pressed. */
  readonly first: number
  readonly className: string
  /** Whoever does not see the page is told of what comes. */
  readonly isLive?: boolean
  /** One item as a list item with its key. */
  readonly children: (item: Item) => ReactNode
}) {
  const words = useWords()
  const [all, setAll] = useState(false)
  const list = useRef<HTMLUListElement>(null)
  const unfold = (): void => {
    flushSync(() => setAll(true))
    const next = list.current?.children[first]
    if (!(next instanceof HTMLElement)) return
    next.tabIndex = -1
    next.focus()
  }
  return (
    <>
      <ul ref={list} className={className} aria-live={isLive ? 'polite' : undefined}>
        {(all ? items : items.slice(0, first)).map(children)}
      </ul>
      {!all && items.length > first && (
        <div>
          <Button variant="default" onClick={unfold}>
            {words.record.more(items.length - first)}
          </Button>
        </div>
      )}
    </>
  )
}
