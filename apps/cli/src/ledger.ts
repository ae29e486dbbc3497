/** Looks at a member's replica: its tip, its newest blocks, and its feed of events. */
import type { NodeDoor } from './node-door.ts'
import { plain, type Screen, when } from './screen.ts'

interface Tip {
  readonly chain: string
  readonly name: string
  readonly height: number
  readonly time: number
  readonly appHash: string
  readonly engine: string
  readonly validators: readonly { readonly key: string }[]
  readonly proves: string
}

interface Block {
  readonly height: number
  readonly time: number
  readonly count: number
  readonly transactions: readonly {
    readonly sponsor?: string
    readonly contract?: string
    readonly outcome?: { readonly code: number }
  }[]
}

interface Events {
  readonly events: readonly {
    readonly sequence: number
    readonly height: number
    readonly contract: string
    readonly event: { readonly type: string }
  }[]
  readonly next: number
}

const blocksShown = 5
const eventsPerRead = 200
const followMilliseconds = 500

export async function ledger(
  door: NodeDoor,
  { member, follow, after }: { readonly member?: string; readonly follow: boolean; readonly after?: number },
  screen: Screen,
): Promise<void> {
  const name = member ?? (await door.members())[0] ?? ''
  const at = (path: string): string => `/v1/members/${encodeURIComponent(name)}/ledger${path}`
  const tip = await door.must<Tip>(at(''))
  screen.give({ type: 'tip', member: name, ...tip })
  screen.say(`Replica of ${name}, chain ${plain(tip.name)} ${tip.chain}`)
  screen.say(`Block ${tip.height} of ${when(tip.time)}, app hash ${tip.appHash}`)
  screen.say(`Ordered by ${tip.validators.map(({ key }) => key).join(', ')}. ${plain(tip.proves)}`)
  for (let height = Math.max(1, tip.height - blocksShown + 1); height <= tip.height; height++) {
    const block = await door.must<Block>(at(`/blocks/${height}`))
    screen.give({ type: 'block', ...block })
    screen.say(`  block ${height}, ${when(block.time)}: ${block.count} envelopes${sponsorsOf(block)}`)
  }
  let cursor = after ?? 0
  for (;;) {
    const { events, next } = await door.must<Events>(at(`/events?after=${cursor}&limit=${eventsPerRead}`))
    for (const event of events) {
      screen.give({ type: 'event', ...event })
      screen.say(`  ${event.sequence}  block ${event.height}  ${event.contract}: ${event.event.type}`)
    }
    cursor = next
    if (events.length > 0) continue
    if (!follow) return
    await new Promise((resolve) => setTimeout(resolve, followMilliseconds))
  }
}

function sponsorsOf({ transactions }: Block): string {
  const said = transactions.map(
    ({ sponsor, contract, outcome }) =>
      `${contract ?? '?'} by ${sponsor ?? '?'}${outcome?.code === 0 ? '' : ' (refused)'}`,
  )
  return said.length === 0 ? '' : `: ${[...new Set(said)].join(', ')}`
}
