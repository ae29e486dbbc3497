/** T-11: what replay protection remembers outlives a process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equalBytes } from '@plexus/codec'
import { expect, test } from 'vitest'
import { smallChart } from './records.testing.ts'
import { board, clinic, World } from './world.testing.ts'

const custodian = 'hospital-1'

/** Every transaction that a network committed, offered to a member again: what the answers say. */
async function offerAgain(world: World, transactions: readonly Uint8Array[]): Promise<readonly string[]> {
  const { store } = world.node(board)
  const before = store.tip()?.height ?? 0
  const answers = new Set<string>()
  for (const each of transactions) {
    const answer = await world.network.submitEnvelope(board, each)
    if (answer.ok) answers.add(answer.value.height <= before ? 'stands where it stood' : 'in a block again')
    else answers.add('reason' in answer.reason ? answer.reason.reason : answer.reason.type)
  }
  for (let height = before + 1; height <= (store.tip()?.height ?? 0); height++)
    for (const each of store.block(height)?.transactions ?? [])
      if (transactions.some((known) => equalBytes(known, each))) answers.add('in a block again')
  return [...answers].sort()
}

test('T-11: after a restart, and on a second chain, nothing that was committed is taken again', async () => {
  const data = mkdtempSync(join(tmpdir(), 'plexus-replay-'))
  try {
    const first = await World.start({ data, members: [custodian] })
    const clinician = await first.employ()
    await first.register(custodian, 'patient-1', smallChart('patient-1', 'a'))
    const client = await first.enrol('patient-1', [custodian])
    await first.ask(await first.checkIn(client, clinic, [custodian]), clinician)
    await first.settled()
    const { store } = first.node(board)
    const transactions: Uint8Array[] = []
    for (let height = 1; height <= (store.tip()?.height ?? 0); height++)
      transactions.push(...(store.block(height)?.transactions ?? []))
    expect(transactions.length).toBeGreaterThan(6)
    await first.close()

    const second = await World.start({ data, members: [custodian] })
    expect(await offerAgain(second, transactions)).toEqual(['stands where it stood'])
    // What stands behind that answer: the rules themselves, on the store that was opened again.
    const { machine, store: reopened } = second.node(board)
    const judged = transactions.map((each) => machine.check(reopened, each, Math.floor(second.now())))
    expect(new Set(judged.map((each) => (each.ok ? 'accepted' : each.reason.reason)))).toEqual(new Set(['replayed']))
    // Past every end, by the clocks of all.
    second.clock.ahead = 1_200
    await second.rounds(board, 1)
    expect(await offerAgain(second, transactions)).not.toContain('in a block again')
    const late = transactions.map((each) => machine.check(reopened, each, Math.floor(second.now())))
    expect(new Set(late.map((each) => (each.ok ? 'accepted' : each.reason.reason)))).toEqual(new Set(['expired']))
    await second.close()

    const other = await World.start({ members: [custodian] })
    expect(await offerAgain(other, transactions)).toEqual(['other-chain'])
    await other.close()
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
})
