/** T-02: what the model says of the ledger is what the real members post, and no value there occurs twice. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode, toHex } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { readEnvelope, transactionBytesMax } from '@plexus/kernel'
import { asker, type Demonstration } from '@plexus/node'
import { expect, test } from 'vitest'
import { chartOf, chartPatient } from '../chart.ts'
import { askAll, importAll, inWorld, must, quiet, type Visit, visitOf } from '../world.ts'
import { type Ledger, ledgerOf } from './cadence.ts'
import type { Ask } from './population.ts'

const organisations = 3
/** Clicks one after the other, and crowds of clicks of a moment. Each click is three accesses: 78 in all. */
const alone = 10
const crowds = 4
const together = 4
/** Between clicks that nobody else disturbs, in the model. */
const quietSeconds = 60

interface Seen {
  readonly block: number
  readonly member: string
  readonly leaves: number
}

/** Every transaction of these blocks: batches as everybody sees them, and the types of what is none. */
function seenIn({ network }: Demonstration, from: number): { readonly posts: Seen[]; readonly others: string[] } {
  const posts: Seen[] = []
  const others: string[] = []
  const { store } = network.node(asker)
  for (let height = from + 1; height <= (store.tip()?.height ?? 0); height++)
    for (const bytes of store.block(height)?.transactions ?? []) {
      const envelope = readEnvelope(bytes)
      if (!envelope.ok) throw new Error('a block holds what is no envelope')
      const { sponsor, contract, transaction } = envelope.value.body
      const read = decode(notary.transaction, transaction, transactionBytesMax)
      if (contract === notary.name && read.ok && read.value.type === 'post-batch')
        posts.push({ block: height, member: sponsor, leaves: read.value.leaves })
      else others.push(contract)
    }
  return { posts, others }
}

const heightOf = ({ network }: Demonstration): number => network.node(asker).store.tip()?.height ?? 0

/** Batches by block, numbered from the first that holds any: how a click looks to everybody. */
function shape(posts: readonly { readonly block: number; readonly member: string; readonly leaves: number }[]) {
  const blocks = [...new Set(posts.map(({ block }) => block))].sort((a, b) => a - b)
  return posts.map(({ block, member, leaves }) => `${blocks.indexOf(block)} ${member} ${leaves}`).sort()
}

/** The model's ledger of the same clicks, without check-ins and imports, which the world has behind it. */
function modelled(times: readonly number[], custodians: readonly number[]): Ledger {
  const asks: Ask[] = times.map((time, episode) => ({ time, arrival: time - 1_000, asker: 0, custodians, episode }))
  return ledgerOf({ asks, episodes: [], registrations: [], changes: [], enrolments: [] }, { tickSeconds: null })
}

test('T-02: clicks alone and clicks in a crowd show on the real ledger what the model says', async () => {
  await inWorld(async (demonstration, data) => {
    const file = join(data, 'chart.json')
    writeFileSync(file, chartOf({ organisations, resources: 6 }))
    await importAll(demonstration, [file])
    const visit = await visitOf(demonstration, chartPatient)
    const { directory } = demonstration
    const hosts = visit.custodians.map((each) => directory.byId(each)?.member ?? each)
    const names = [asker, ...hosts]
    const numbers = hosts.map((_, index) => index + 1)

    // Alone: intents in one block, receipts in the next ones, one batch each, and nothing else.
    const [only] = [modelled([quietSeconds], numbers)]
    const expected = only.posts.slice(1).map(({ member, leaves }) => `${names[member]} ${leaves}`)
    const spreads: number[] = []
    for (let each = 0; each < alone; each++) {
      const from = heightOf(demonstration)
      await askAll(demonstration, visit)
      await quiet(demonstration)
      const { posts, others } = seenIn(demonstration, from)
      expect(others).toEqual([])
      expect(posts.map(({ member, leaves }) => `${member} ${leaves}`).sort()).toEqual([...expected].sort())
      const [intents] = posts
      expect(intents?.member).toBe(asker)
      const after = posts.slice(1).map(({ block }) => block - (intents?.block ?? 0))
      expect(Math.min(...after)).toBeGreaterThanOrEqual(1)
      spreads.push(Math.max(...after))
    }
    // The model puts all receipts of a click into the next block; the real ones are in it or close behind.
    expect(shape(only.posts.slice(1).map((post) => ({ ...post, member: names[post.member] ?? '' })))[0]).toContain('0 ')
    expect(spreads.toSorted((a, b) => a - b)[alone >> 1]).toBeLessThanOrEqual(3)

    // In a crowd: one batch in flight, so that clicks of a moment share batches; each leaf is there, each batch of a class.
    const model = modelled(
      Array.from({ length: together }, () => quietSeconds),
      numbers,
    )
    const most = Math.max(...model.posts.map(({ leaves }) => leaves))
    let posted = 0
    for (let crowd = 0; crowd < crowds; crowd++) {
      const from = heightOf(demonstration)
      for (let each = 0; each < together; each++) await click(demonstration, visit)
      await quiet(demonstration)
      const { posts, others } = seenIn(demonstration, from)
      expect(others).toEqual([])
      posted += posts.length
      expect(Math.max(...posts.map(({ leaves }) => leaves))).toBeLessThanOrEqual(most)
      const places = posts.map(({ block, member }) => `${block} ${member}`)
      expect(new Set(places).size).toBe(places.length)
      expect(new Set(posts.map(({ member }) => member))).toEqual(new Set(names))
    }
    expect(posted).toBeLessThan(crowds * together * names.length)
    await changeAndOpen(visit)
    await quiet(demonstration)
    expect(twice(demonstration)).toEqual([])
  })
})

/** Asks, and does not wait for the answers. */
async function click({ network }: Demonstration, { id, npi }: Visit): Promise<void> {
  const node = network.node(asker)
  const clinician = { npi, seed: node.clinicianSeed(npi) }
  must(
    await node.exchange.run(({ requester }) =>
      requester.ask({ visit: id, clinician, purpose: 'TREAT', emergency: null, types: [] }),
    ),
    'a request',
  )
}

async function changeAndOpen({ client, custodians }: Visit): Promise<void> {
  must(await client.fetch(), 'fetching the mailbox')
  for (const custodian of custodians) {
    must(await client.changeDirectives(custodian, []), 'a directive')
    must(await client.openSpare(custodian), 'a spare handle')
  }
}

/** Roots and handles that stand in more than one transaction, but a handle's opening and closing. */
function twice({ network }: Demonstration): readonly string[] {
  const { store } = network.node(asker)
  const steps = new Map<string, string[]>()
  for (let height = 1; height <= (store.tip()?.height ?? 0); height++)
    for (const bytes of store.block(height)?.transactions ?? []) {
      const envelope = readEnvelope(bytes)
      if (!envelope.ok || envelope.value.body.contract !== notary.name) continue
      const read = decode(notary.transaction, envelope.value.body.transaction, transactionBytesMax)
      if (!read.ok) continue
      const { value } = read
      const values =
        value.type === 'open-handles' ? value.handles : [value.type === 'post-batch' ? value.root : value.handle]
      for (const each of values) steps.set(toHex(each), [...(steps.get(toHex(each)) ?? []), value.type])
    }
  expect([...steps.values()].filter((of) => of.join() === 'open-handles,close-handle').length).toBe(organisations)
  return [...steps.values()]
    .map((of) => of.join())
    .filter((of) => of.includes(',') && of !== 'open-handles,close-handle')
}
