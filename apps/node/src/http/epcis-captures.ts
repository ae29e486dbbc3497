/** Each member's capture jobs, over its journal and its exchange. */
import type { RandomBytes } from '@plexus/crypto'
import { blindKeys } from '@plexus/exchange'
import { Captures } from '../epcis/captures.ts'
import { secretOf } from '../layout.ts'
import type { MemberNode } from '../member-node.ts'
import type { Network } from '../network.ts'
import { failureFacts, type NodeLogger } from './log.ts'

export type CapturesByMember = ReadonlyMap<string, Captures>

/** `now`: seconds since 1970. What waited at the last end goes on at once, unless the member recovers from a restore. */
export function capturesOf(
  { nodes }: Network,
  parts: { readonly random: RandomBytes; readonly now: () => number; readonly logger: NodeLogger },
): CapturesByMember {
  const all = new Map([...nodes].map(([member, node]) => [member, capturesIn(node, parts)]))
  for (const [member, captures] of all) if (!nodes.get(member)?.recovery?.shut) captures.wake()
  return all
}

function capturesIn(
  { journal, layout, exchange }: MemberNode,
  { random, now, logger }: { readonly random: RandomBytes; readonly now: () => number; readonly logger: NodeLogger },
): Captures {
  return new Captures({
    journal,
    blind: blindKeys(secretOf(layout, 'blinding', random)),
    now: () => Math.floor(now() * 1000),
    run: (action) => exchange.run(action),
    onFailure: (error) => logger.error({ what: 'capture-failed', ...failureFacts(error) }),
  })
}
