/** What a node that began from a snapshot answers to whoever asks for what was before. */
import { foundChain } from '@plexus/kernel'
import { expect, test } from 'vitest'
import type { MemberNode } from '../member-node.ts'
import { ledgerRoutes } from './ledger-routes.ts'
import { problems } from './problem.ts'

const beginning = { height: 100, event: 251 }

/** Of the ten minutes before it has blocks without their headers, which nobody is shown. */
const store = {
  beginning: () => beginning,
  tip: () => ({ height: 120 }),
  block: (height: number) =>
    height > 90 && height <= 120
      ? {
          kind: 'block',
          height,
          time: height,
          transactions: [new Uint8Array(3)],
          outcomes: [],
          misbehaviour: [],
          header: new Uint8Array(0),
        }
      : undefined,
  header: () => undefined,
  events: () => [],
}
const node = { member: 'clinic-9', store } as unknown as MemberNode

type Parts = Parameters<typeof ledgerRoutes>[0]
const chain = foundChain({ name: 'pruned', time: 1_790_000_000, engine: { type: 'cometbft' }, founding: [] })
const network = { chain, nodes: new Map(), lightBlock: async () => undefined }
const routes = ledgerRoutes({ network, now: () => 0 } as unknown as Parts)

async function asked(path: string, params: object, query: object = {}) {
  const route = routes.find((each) => each.path.endsWith(path))
  if (!route) throw new Error(`no route ends in ${path}`)
  return (await route.answer({ params: { member: 'clinic-9', ...params }, query, body: undefined } as never, node)) as {
    readonly code?: string
  }
}

test.each([
  ['/ledger/blocks/:height', {}],
  ['/ledger/blocks/:height/envelopes/:index', { index: '0' }],
  ['/ledger/headers/:height', {}],
  ['/ledger/light-blocks/:height', {}],
])('%s: from before the beginning nothing is here, and the answer says where it begins', async (path, more) => {
  for (const height of ['0', '1', '95', '100'])
    expect(await asked(path, { height, ...more })).toMatchObject({ code: 'pruned', height: beginning.height })
  expect((await asked(path, { height: '121', ...more })).code).toBe('block-unknown')
  expect(problems.pruned.status).toBe(410)
})

test('a block from after the beginning is shown, and events go on behind its first', async () => {
  expect((await asked('/ledger/blocks/:height', { height: '101' })).code).toBeUndefined()
  const late = await asked('/ledger/events', {}, { after: '249' })
  expect(late).toMatchObject({ code: 'pruned', at: 'query.after', expected: 'a cursor from 250 on', height: 100 })
  expect((await asked('/ledger/events', {})).code).toBe('pruned')
  expect((await asked('/ledger/events', {}, { after: '250' })).code).toBeUndefined()
})
