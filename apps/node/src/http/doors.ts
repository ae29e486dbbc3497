/** What the doors of one member share, and the gauges that show how full they are. */
import { Gauge, type Registry } from 'prom-client'
import type { MemberNode } from '../member-node.ts'
import type { Network } from '../network.ts'
import { type BlockBell, bellOf } from './event-feed.ts'
import type { Sockets } from './sockets.ts'
import { type Submissions, submissionsOf } from './submissions.ts'

export interface MemberDoors {
  readonly submissions: Submissions
  readonly bell: BlockBell
}

export function doorsOf(network: Network, node: MemberNode): MemberDoors {
  return { submissions: submissionsOf(network, node.member), bell: bellOf(node) }
}

export function watchDoors(registry: Registry, doors: ReadonlyMap<string, MemberDoors>, sockets: Sockets): void {
  const gauge = (name: string, help: string, valueFor: (member: string, doors: MemberDoors) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['member'],
      registers: [registry],
      collect() {
        for (const [member, each] of doors) this.set({ member }, valueFor(member, each))
      },
    })
  }
  gauge(
    'plexus_submissions_unanswered_bytes',
    'Bytes of envelopes that the engine has not answered.',
    (_, { submissions }) => submissions.offeredBytes(),
  )
  gauge('plexus_streams_open', 'WebSockets that are open, a number; at most 16.', (member) => sockets.count(member))
}
