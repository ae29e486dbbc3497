/** Suite `directive`: a new deny is signed, the head is closed, and the custodian refuses. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { viewOf } from '@plexus/kernel'
import { asker, type Demonstration } from '@plexus/node'
import type { Directive } from '@plexus/policy'
import { relationshipWith } from '@plexus/sdk'
import { chartOf, chartPatient } from '../chart.ts'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { askAll, importAll, inWorld, must, now, quiet, type Visit, visitOf } from '../world.ts'

const size = { organisations: 5, resources: 20 }
const smallSize = { organisations: 2, resources: 10 }
/** Changes at every custodian together are one round. */
const rounds = 25
const waitSecondsMax = 30

export const suite: Suite = {
  name: 'directive',
  claim:
    "From the wallet's signature under a new deny until the head is closed on the ledger, until every custodian's own replica refuses under it, and until the successor is in force, on the embedded network.",
  nonClaim:
    'Nothing about a custodian that is cut off, a phone without a signal, or a network between machines. The handle of the next set was opened before, as the wallet does at another time.',
  oneCore: false,
  run: ({ small }: RunOptions) => inWorld((demonstration, data) => run(demonstration, data, small)),
}

interface Change {
  /** No replica releases under the old head any more. */
  readonly closed: number
  /** The new set is in force at the custodian. */
  readonly inForce: number
}

async function run(demonstration: Demonstration, data: string, small: boolean): Promise<Outcome> {
  const file = join(data, 'chart.json')
  writeFileSync(file, chartOf(small ? smallSize : size))
  await importAll(demonstration, [file])
  const visit = await visitOf(demonstration, chartPatient)
  const before = (await askAll(demonstration, visit)).sources.map(({ state }) => state)
  const changes: Change[] = []
  const everywhere: number[] = []
  const refused: string[] = []
  for (let round = 0; round < (small ? 1 : rounds); round++) {
    await quiet(demonstration)
    // The set of the round before is known to be in force.
    must(await visit.client.fetch(), 'fetching the mailbox')
    const from = now()
    const made: Change[] = []
    for (const custodian of visit.custodians) made.push(await change(demonstration, visit, custodian))
    everywhere.push(now() - from)
    changes.push(...made)
    const { sources } = await askAll(demonstration, visit)
    refused.push(...sources.map(({ state, code }) => `${state} ${code}`))
    // Outside of what is measured: the next change finds its handle open.
    for (const custodian of visit.custodians) must(await visit.client.openSpare(custodian), 'opening a spare handle')
  }
  if (before.some((state) => state !== 'complete')) throw new Error('a door was closed before the first deny')
  if (refused.some((each) => each !== 'refused directive-denies')) throw new Error('a custodian released under a deny')
  const closed = changes.map((each) => each.closed)
  const inForce = changes.map((each) => each.inForce)
  const target = { type: 'below', value: 1 } as const
  return {
    figures: [
      { name: 'signed to closed on every replica, p50', value: median(closed), unit: 's' },
      {
        name: 'signed to closed on every replica: nothing is released under it, p99',
        value: percentile(closed, 0.99),
        unit: 's',
        target,
      },
      { name: 'signed to the new set in force at its custodian, p50', value: median(inForce), unit: 's' },
      {
        name: 'signed to the new set in force at its custodian, p99',
        value: percentile(inForce, 0.99),
        unit: 's',
        target,
      },
      { name: 'one after the other at every custodian, p99', value: percentile(everywhere, 0.99), unit: 's', target },
      { name: 'changes', value: changes.length, unit: 'changes' },
    ],
    checked: { custodians: visit.custodians.length, before, changes: changes.length, refused: refused.length },
  }
}

async function change({ network }: Demonstration, { client }: Visit, custodian: string): Promise<Change> {
  const known = relationshipWith(client.wallet.state, custodian)
  const head = known?.sets.at(-1)?.content.head
  if (!head) throw new Error('the wallet knows no set in force at the custodian')
  const key = toHex(head)
  const deny: Directive = {
    effect: 'deny',
    grantee: { type: 'organisation', id: asker },
    scope: { type: 'everything' },
    purposes: [],
    from: Math.floor(now()),
    until: null,
  }
  const nodes = [...network.nodes.values()]
  let closed = 0
  const look = () => {
    if (closed > 0) return
    const open = nodes.some(({ store }) => notary.queries.handle(viewOf(notary, store), key)?.status !== 'closed')
    if (!open) closed = now() - from
  }
  const stopWatching = nodes.map(({ replica }) => replica.onApplied(look))
  const from = now()
  must(await client.changeDirectives(custodian, [deny]), 'a directive')
  const inForce = now() - from
  await network.until(() => closed > 0, waitSecondsMax, 'every replica to close the head')
  for (const stop of stopWatching) stop()
  return { closed, inForce }
}
