/** The ledger as every member has it: blocks as they come, and every byte that is in them. */
import { type CSSProperties, useEffect, useState } from 'react'
import { useShared } from '../demonstration.tsx'
import { Heading, Note, Waiting } from '../look/parts.tsx'
import { ask, askJson } from '../node/door.ts'
import { timeOf } from '../words/dates.ts'
import { useWords } from '../words/use-words.tsx'

interface Tip {
  readonly height: number
  readonly engine: string
}

interface Envelope {
  readonly index: number
  readonly sponsor?: string
  readonly contract?: string
  readonly bytes: number
}

interface Block {
  readonly height: number
  readonly time: number
  readonly count: number
  readonly transactions: readonly Envelope[]
}

const pollMilliseconds = 1_000
const blocksShown = 24
/** An envelope is at most tens of kilobytes; the whole is shown, in a box that scrolls. */
const envelopesShown = 8

export function LedgerPage() {
  const words = useWords()
  const { member, trouble } = useShared()
  return (
    <main id="main" tabIndex={-1} className="stack stack-wide">
      <Heading title={words.ledger.title} lead={words.ledger.lead} />
      {trouble !== null && (
        <Note tone="no" title={words.unreachable}>
          {words.unreachableNext}
        </Note>
      )}
      {trouble === null && (member === null ? <Waiting /> : <Blocks member={member} />)}
    </main>
  )
}

/** As one member's replica has them. */
function Blocks({ member }: { readonly member: string }) {
  const words = useWords()
  const { tip, blocks } = useBlocks(member)
  const [chosen, setChosen] = useState<Block | null>(null)
  const most = Math.max(1, ...blocks.map(({ count }) => count))
  if (!tip) return <Waiting />
  return (
    <>
      <p className="row">
        <strong>
          {words.ledger.height}: {tip.height}
        </strong>
        <span className="small">{words.ledger.engine[tip.engine] ?? ''}</span>
      </p>
      <ul className="blocks">
        {blocks.map((block) => (
          <li key={block.height}>
            <button type="button" aria-pressed={chosen?.height === block.height} onClick={() => setChosen(block)}>
              <strong>{block.height}</strong>
              <span className="small">{words.ledger.envelopes(block.count)}</span>
              <span className="bar" style={{ '--share': String(block.count / most) } as CSSProperties} />
            </button>
          </li>
        ))}
      </ul>
      {chosen ? <BlockCard member={member} block={chosen} /> : <p className="small">{words.ledger.choose}</p>}
    </>
  )
}

/** The newest blocks, newest first; each is fetched once, since a block never changes. */
function useBlocks(member: string): { readonly tip: Tip | null; readonly blocks: readonly Block[] } {
  const [tip, setTip] = useState<Tip | null>(null)
  const [blocks, setBlocks] = useState<readonly Block[]>([])
  useEffect(() => {
    let gone = false
    let timer = 0
    let known: readonly Block[] = []
    const look = async (): Promise<void> => {
      const answer = await askJson<Tip>(`/v1/members/${member}/ledger`)
      if (gone) return
      if (answer.ok) {
        setTip(answer.value)
        const heights = Array.from({ length: blocksShown }, (_, back) => answer.value.height - back)
        const wanted = heights.filter((height) => height > 0 && !known.some((block) => block.height === height))
        const fetched = await Promise.all(
          wanted.map((height) => askJson<Block>(`/v1/members/${member}/ledger/blocks/${height}`)),
        )
        if (gone) return
        known = [...known, ...fetched.flatMap((block) => (block.ok ? [block.value] : []))]
          .sort((a, b) => b.height - a.height)
          .slice(0, blocksShown)
        setBlocks(known)
      }
      timer = window.setTimeout(() => void look(), pollMilliseconds)
    }
    void look()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [member])
  return { tip, blocks }
}

function BlockCard({ member, block }: { readonly member: string; readonly block: Block }) {
  const words = useWords()
  return (
    <section className="card stack" aria-labelledby="block">
      <div className="row apart">
        <h2 id="block">{words.ledger.block(block.height)}</h2>
        <span className="small">{timeOf(block.time, words.locale)}</span>
      </div>
      {block.count === 0 && <p>{words.ledger.envelopes(0)}</p>}
      {block.transactions.slice(0, envelopesShown).map((envelope) => (
        <article key={envelope.index} className="stack stack-tight">
          <p>
            {words.ledger.sponsor} <strong>{envelope.sponsor}</strong> · {words.ledger.contract}{' '}
            <strong>{envelope.contract}</strong>: {words.ledger.says[envelope.contract ?? ''] ?? ''} ·{' '}
            {words.ledger.bytes(envelope.bytes)}
          </p>
          <Noise path={`/v1/members/${member}/ledger/blocks/${block.height}/envelopes/${envelope.index}`} />
        </article>
      ))}
    </section>
  )
}

function Noise({ path }: { readonly path: string }) {
  const words = useWords()
  const [bytes, setBytes] = useState<Uint8Array | null>(null)
  useEffect(() => {
    let gone = false
    void ask(path).then((answer) => {
      if (!gone && answer.ok) setBytes(answer.value)
    })
    return () => {
      gone = true
    }
  }, [path])
  const text = bytes ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') : '…'
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className="noise" aria-label={words.ledger.raw} tabIndex={0}>
      {text}
    </section>
  )
}
