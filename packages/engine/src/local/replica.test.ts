import { encode, equalBytes, utf8 } from '@plexus/codec'
import { sign, verifyMerklePath } from '@plexus/crypto'
import {
  appHash,
  headerHolds,
  headerMessage,
  type LocalHeader,
  readSignedHeader,
  signedHeader,
  transactionsRoot,
  verifyStateProof,
} from '@plexus/kernel'
import { expect, test } from 'vitest'
import { openFileLedger } from './file-ledger.testing.ts'
import { endOf, engineKey, engineSeed, genesisTime, idOf, note, notesMachine } from './notes.testing.ts'
import type { LedgerPort, SignedBlock } from './ports.ts'
import { createReplica, Fork, type Replica } from './replica.ts'
import { createSequencer, type Sequencer } from './sequencer.ts'

const machine = notesMachine()

function world(): { readonly sequencer: Sequencer; readonly replica: Replica } {
  return {
    sequencer: createSequencer({ machine, store: openFileLedger(machine), seed: engineSeed }),
    replica: createReplica({ machine, store: openFileLedger(machine), member: 'clinic-a' }),
  }
}

/** A block with one note, or an empty one. */
function cutOne(sequencer: Sequencer, name?: string): SignedBlock {
  const now = genesisTime + 10 * (sequencer.height() + 1)
  if (name) sequencer.submit(note(machine, 'clinic-a', { type: 'write', name }, now), now)
  const block = sequencer.cut(now)
  if (!block) throw new Error('a block was due')
  return block
}

/** The same block under a changed header, signed by whoever. */
function resigned(block: SignedBlock, change: Partial<LocalHeader>, seed = engineSeed): SignedBlock {
  const read = readSignedHeader(block.header)
  if (!read.ok || read.value.header.type !== 'local') throw new Error('an own header is readable')
  const header: LocalHeader = { ...read.value.header, ...change }
  return { ...block, header: encode(signedHeader, { header, signature: sign(seed, headerMessage(header)) }) }
}

test('a block is applied, durable, and heard of once', () => {
  const { sequencer, replica } = world()
  const heard: number[] = []
  const end = replica.onApplied(({ height }) => heard.push(height))
  for (const name of ['a', 'b', undefined]) expect(replica.receive(cutOne(sequencer, name)).ok).toBe(true)
  end()
  replica.receive(cutOne(sequencer))
  expect(heard).toEqual([1, 2, 3])
  expect(replica.height()).toBe(4)
})

test('nobody hears of a block that could not be made durable, and everybody of the same block once it is', () => {
  const sequencer = createSequencer({ machine, store: openFileLedger(machine), seed: engineSeed })
  const store = openFileLedger(machine)
  let disk: 'full' | 'good' = 'good'
  const commit: LedgerPort['commit'] = (applied, header) => {
    if (disk === 'full') throw new Error('no space left on the device')
    store.commit(applied, header)
  }
  const replica = createReplica({ machine, store: { ...store, commit }, member: 'clinic-a' })
  const heard: unknown[] = []
  replica.onApplied(({ height }) => heard.push(height))
  const written = note(machine, 'clinic-a', { type: 'write', name: 'a' }, genesisTime + 10)
  replica.watch(idOf(written), genesisTime + 60, ({ ok }) => heard.push(ok))
  sequencer.submit(written, genesisTime + 10)
  const block = sequencer.cut(genesisTime + 10)
  if (!block) throw new Error('a block was due')
  disk = 'full'
  expect(() => replica.receive(block)).toThrow('no space left')
  expect(heard).toEqual([])
  disk = 'good'
  expect(replica.receive(block).ok).toBe(true)
  expect(heard).toEqual([1, true])
})

test('a header of another key, another chain, or with a changed byte is refused', () => {
  const { sequencer, replica } = world()
  const block = cutOne(sequencer, 'a')
  const forged = resigned(block, {}, new Uint8Array(32).fill(3))
  expect(replica.receive(forged)).toEqual({ ok: false, reason: { type: 'signature-invalid' } })
  const moved = resigned(block, { chain: new Uint8Array(32) })
  expect(replica.receive(moved)).toEqual({ ok: false, reason: { type: 'other-chain' } })
  expect(replica.receive({ ...block, header: block.header.slice(1) })).toEqual({
    ok: false,
    reason: { type: 'header-malformed' },
  })
  const changed = block.header.slice()
  changed[changed.length - 3] = (changed.at(-3) ?? 0) ^ 1
  expect(replica.receive({ ...block, header: changed })).toEqual({ ok: false, reason: { type: 'signature-invalid' } })
  expect(replica.height()).toBe(0)
  expect(replica.receive(block).ok).toBe(true)
})

test('a block that was replayed, comes too early, or with other envelopes is refused', () => {
  const { sequencer, replica } = world()
  const [first, second, third] = [cutOne(sequencer, 'a'), cutOne(sequencer, 'b'), cutOne(sequencer, 'c')]
  expect(replica.receive(second)).toEqual({ ok: false, reason: { type: 'gap', expected: 1, came: 2 } })
  expect(replica.receive({ ...first, transactions: second.transactions })).toEqual({
    ok: false,
    reason: { type: 'transactions-differ' },
  })
  expect(replica.receive(first).ok).toBe(true)
  expect(replica.receive(first)).toEqual({ ok: false, reason: { type: 'already-applied', height: 1 } })
  expect(replica.receive(second).ok).toBe(true)
  expect(replica.receive(third).ok).toBe(true)
})

test('an envelope larger than any is refused before it is hashed', () => {
  const { sequencer, replica } = world()
  const block = cutOne(sequencer)
  expect(replica.receive({ ...block, transactions: [new Uint8Array(1024 * 1024)] })).toEqual({
    ok: false,
    reason: { type: 'too-large' },
  })
})

const other = new Uint8Array(32).fill(5)
test.each([
  ['another state', { appHash: other }, 'app-hash'],
  ['another past', { previous: other }, 'previous-header'],
  ['an earlier time', { time: genesisTime }, 'time'],
] as const)('%s under the signature of the engine stops the replica for good', (_, change, what) => {
  const { sequencer, replica } = world()
  replica.receive(cutOne(sequencer, 'a'))
  const block = cutOne(sequencer, 'b')
  const fork = caught(() => replica.receive(resigned(block, change)))
  expect(fork).toBeInstanceOf(Fork)
  expect(fork).toMatchObject({ height: 2, what })
  if (what !== 'time') expect((fork as Fork).received).toEqual(other)
  // Not even the right block is taken now: somebody must look.
  expect(caught(() => replica.receive(block))).toBe(fork)
  expect(replica.height()).toBe(1)
})

test('two blocks of one height under the signature of the engine are a fork', () => {
  const { sequencer, replica } = world()
  const block = cutOne(sequencer, 'a')
  replica.receive(block)
  const second = resigned(block, { time: genesisTime + 11 })
  expect(caught(() => replica.receive(second))).toMatchObject({ name: 'Fork', height: 1, what: 'second-header' })
})

function caught(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('whoever waits hears of the place and the outcome, or that the envelope can no longer come', async () => {
  const { sequencer, replica } = world()
  const now = genesisTime + 10
  const accepted = note(machine, 'clinic-a', { type: 'write', name: 'x' }, now)
  const refused = note(machine, 'clinic-a', { type: 'write', name: 'x' }, now)
  const lost = note(machine, 'clinic-a', { type: 'write', name: 'y' }, now, 20)
  const answers: unknown[] = []
  replica.watch(idOf(lost), now + 20, (answer) => answers.push(answer))
  const cancel = replica.watch(idOf(accepted), now + 60, () => answers.push('cancelled, and heard'))
  cancel()
  const waiting = [replica.waitFor(idOf(accepted), endOf(accepted)), replica.waitFor(idOf(refused), endOf(refused))]
  sequencer.submit(accepted, now)
  sequencer.submit(refused, now)
  for (const time of [now, now + 20, now + 26]) {
    const block = sequencer.cut(time)
    if (block) replica.receive(block)
    expect(answers.length).toBe(time > now + 20 ? 1 : 0)
  }
  expect(await Promise.all(waiting)).toEqual([
    { height: 1, index: 0, outcome: { space: 'kernel', code: 0 } },
    { height: 1, index: 1, outcome: { space: 'notes', code: 1 } },
  ])
  expect(answers).toEqual([{ ok: false, reason: { type: 'expired' } }])
  expect(await replica.waitFor(idOf(accepted), endOf(accepted))).toMatchObject({ height: 1, index: 0 })

  const stopped = replica.waitFor(new Uint8Array(32), Number.MAX_SAFE_INTEGER)
  replica.stop()
  await expect(stopped).rejects.toThrow(/stopped/)
})

test('an envelope that stands twice in a block is answered from where it was accepted', () => {
  const { sequencer, replica } = world()
  const now = genesisTime + 10
  const twice = note(machine, 'clinic-a', { type: 'write', name: 'x' }, now)
  const block = cutOne(sequencer)
  const answers: unknown[] = []
  replica.watch(idOf(twice), now + 60, (answer) => answers.push(answer))
  const transactions = [twice, twice]
  replica.receive({ ...resigned(block, { transactionsRoot: transactionsRoot(transactions) }), transactions })
  const accepted = { height: 1, index: 0, outcome: { space: 'kernel', code: 0 } }
  expect(replica.store.block(1)?.outcomes).toMatchObject([{ code: 0 }, { code: 5 }])
  expect(answers).toEqual([{ ok: true, value: accepted }])
  expect(replica.applied(idOf(twice), endOf(twice))).toEqual(accepted)
})

test('an envelope and a key of the state are proven under signed headers, and nothing else is', () => {
  const { sequencer, replica } = world()
  const now = genesisTime + 10
  const envelopes = ['a', 'b', 'c', 'd', 'e'].map((name) => note(machine, 'clinic-b', { type: 'write', name }, now))
  for (const envelope of envelopes) sequencer.submit(envelope, now)
  const block = sequencer.cut(now)
  if (block) replica.receive(block)
  replica.receive(cutOne(sequencer))
  for (const [index, envelope] of envelopes.entries()) {
    const proof = replica.envelopeProof(idOf(envelope), endOf(envelope))
    expect(proof).toMatchObject({ height: 1, index, size: 5, envelope, outcome: { code: 0 } })
    if (!proof) continue
    const { header } = proof.header
    expect(headerHolds(proof.header, engineKey)).toBe(true)
    const place = { index, size: proof.size, path: proof.path, root: header.transactionsRoot }
    expect(verifyMerklePath({ ...place, leaf: envelope })).toBe(true)
    expect(verifyMerklePath({ ...place, leaf: utf8('another') })).toBe(false)
  }
  expect(replica.envelopeProof(new Uint8Array(32), 0)).toBeUndefined()

  for (const [height, key, present] of [
    [1, 'notes/notes/founded', true],
    [1, 'notes/notes/a', false],
    [2, 'notes/notes/a', true],
  ] as const) {
    const proven = replica.stateProof(height, key)
    expect(proven?.value !== null).toBe(present)
    if (!proven) continue
    const { header, stateRoot, historyRoot, value, proof } = proven
    expect(verifyStateProof({ root: stateRoot, key, value, proof })).toBe(true)
    expect(equalBytes(appHash({ stateRoot, historyRoot }), header.header.appHash)).toBe(true)
    expect(header.header.height).toBe(height)
  }
  expect(replica.stateProof(3, 'notes/notes/a')).toBeUndefined()
  expect(replica.headerAt(0)).toBeUndefined()
})
