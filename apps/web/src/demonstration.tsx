/** What the pages of one window share: the demonstration's desk, the wallet's keeper, and how far the story has come. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react'
import { type DeskView, deskToken, keptOfStory, lookAtDesk } from './node/desk.ts'
import { askJson } from './node/door.ts'
import type { WalletKeeper } from './wallet/keeper.ts'
import type { Keeping } from './wallet/keeping.ts'

export const storySteps = ['wallet', 'check-in', 'ask', 'see', 'close', 'refused', 'verify'] as const
export type StoryStep = (typeof storySteps)[number]

interface Shared {
  readonly token: string | null
  readonly desk: DeskView | null
  /** The member at this address that carries the wallet's steps, and whose blocks are shown. */
  readonly member: string | null
  /** Whether people in person are played here: then whoever has the link plays them. */
  readonly demonstration: boolean
  /** Why there is no keeper, when it is known: nothing answers. */
  readonly trouble: string | null
  readonly keeper: WalletKeeper | null
  readonly told: ReadonlySet<StoryStep>
  readonly tell: (step: StoryStep) => void
  readonly visit: string | null
  readonly setVisit: (visit: string) => void
}

const SharedContext = createContext<Shared | null>(null)
const visitName = keptOfStory.visit
const toldName = keptOfStory.steps
const refreshMilliseconds = 2_500

export function DemonstrationProvider({ children }: { readonly children: ReactNode }) {
  const [token] = useState(deskToken)
  const [desk, setDesk] = useState<DeskView | null>(null)
  const [member, setMember] = useState<string | null>(null)
  const [demonstration, setDemonstration] = useState(false)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [keeper, setKeeper] = useState<WalletKeeper | null>(null)
  const [visit, keepVisit] = useKept(visitName)
  const [toldText, keepTold] = useKept(toldName)

  useEffect(() => {
    let gone = false
    const begin = async (): Promise<void> => {
      const seen = token === null ? null : await lookAtDesk(token)
      const members = await askJson<{
        readonly demonstration: boolean
        readonly members: readonly { readonly member: string }[]
      }>('/v1/members')
      if (gone) return
      if (!members.ok) return setTrouble(members.reason.type)
      const view = seen?.ok ? seen.value : null
      setDesk(view)
      setDemonstration(members.value.demonstration)
      const names = members.value.members.map(({ member }) => member)
      const sponsor = view?.keeper ?? names[0]
      if (sponsor === undefined) return setTrouble('not-a-node')
      setMember(sponsor)
      // Cryptography is most of the code: it is fetched behind the first page.
      const { WalletKeeper } = await import('./wallet/keeper.ts')
      const made = new WalletKeeper(sponsor)
      made.witnesses = names.filter((name) => name !== sponsor)
      await made.begin()
      if (!gone) setKeeper(made)
    }
    void begin()
    return () => {
      gone = true
    }
  }, [token])

  useEffect(() => {
    if (!keeper) return
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible' && keeper.keeping.type === 'open') keeper.refresh().catch(() => {})
    }, refreshMilliseconds)
    return () => clearInterval(timer)
  }, [keeper])

  const told = useMemo(() => new Set(stepsIn(toldText)), [toldText])
  const tell = useCallback(
    (step: StoryStep) => {
      const known = storedSteps()
      if (!known.includes(step)) keepTold([...known, step].join(' '))
    },
    [keepTold],
  )
  const shared = useMemo<Shared>(
    () => ({ token, desk, member, demonstration, trouble, keeper, told, tell, visit, setVisit: keepVisit }),
    [token, desk, member, demonstration, trouble, keeper, told, tell, visit, keepVisit],
  )
  return <SharedContext value={shared}>{children}</SharedContext>
}

export function useShared(): Shared {
  const shared = useContext(SharedContext)
  if (!shared) throw new Error('a page stands outside of its frame')
  return shared
}

function stepsIn(text: string | null): readonly StoryStep[] {
  const names = text?.split(' ') ?? []
  return storySteps.filter((step) => names.includes(step))
}

const storedSteps = (): readonly StoryStep[] => stepsIn(localStorage.getItem(toldName))

const never = (): (() => void) => () => {}
const loading: Keeping = { type: 'loading' }

export function useKeeping(): Keeping {
  const { keeper } = useShared()
  return useSyncExternalStore(keeper?.subscribe ?? never, () => keeper?.keeping ?? loading)
}

/** A text that the windows of this browser share. It says nothing about anybody. */
export function useKept(name: string): readonly [string | null, (value: string) => void] {
  const text = useSyncExternalStore(subscribeToStorage, () => localStorage.getItem(name))
  const keep = useCallback(
    (value: string) => {
      localStorage.setItem(name, value)
      // The event of another window does not come to this one.
      window.dispatchEvent(new Event('plexus-kept'))
    },
    [name],
  )
  return [text, keep]
}

function subscribeToStorage(listener: () => void): () => void {
  const events = ['storage', 'plexus-kept']
  for (const each of events) window.addEventListener(each, listener)
  return () => {
    for (const each of events) window.removeEventListener(each, listener)
  }
}
