/**
 * A whole node in a process of its own, so that it can be killed: ledger, application, and the engine beside it. It is
 * told what to do, and says what happens, by messages between processes.
 */
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { toHex } from '@plexus/codec'
import { type Block, readEnvelope } from '@plexus/kernel'
import { openSnapshotLedger } from '@plexus/store'
import type { SubmitRefusal } from '../local/local-engine.ts'
import { startVerifierPool } from '../local/verifier-pool.ts'
import { isCall } from './call-grammar.ts'
import { FrameReader } from './frames.ts'
import { readRequest } from './messages.ts'
import {
  admits,
  chainOf,
  enginePath,
  folderIn,
  machineOf,
  type NodePlan,
  type NodeWord,
  nodeSeedOf,
  realTime,
  sockets,
  validatorSeedOf,
  validators,
} from './network.testing.ts'
import type { SnapshotPort } from './snapshots.ts'
import { startCometEngine } from './supervisor.ts'

const plan = JSON.parse(process.argv[2] ?? '') as NodePlan
const say = (word: NodeWord): void => void process.send?.(word)

const chain = chainOf(plan.foundedAt, plan.validating)
const pool = startVerifierPool(1)
const { machine, signatures, verified } = machineOf(chain, pool)
const store = openSnapshotLedger(
  join(plan.directory, 'ledger'),
  { chain: chain.id },
  {
    directory: folderIn(plan.directory, 'snapshots'),
    every: plan.snapshotEvery ?? 1_000_000,
    onEvent: ({ type, height }) => say({ type: 'snapshot', event: type, height }),
  },
)

/** The last byte is another. */
function flipped(chunk: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(chunk)
  const last = changed.length - 1
  changed[last] = (changed[last] ?? 0) ^ 1
  return changed
}

function tell(): void {
  const tip = store.tip()
  const seats = validators.seats(store).length
  if (tip) say({ type: 'block', height: tip.height, appHash: toHex(tip.appHash), verified: verified(), seats })
  say({ type: 'begins', height: store.beginning().height })
}

const snapshots: SnapshotPort = {
  list: () => store.snapshots.list(),
  chunk(height, index) {
    const chunk = store.snapshots.chunk(height, index)
    const last = (store.snapshots.list().find((each) => each.height === height)?.hashes.length ?? 0) - 1
    return chunk && plan.liesInChunks && index === last ? flipped(chunk) : chunk
  },
  restore(offered) {
    const taking = store.snapshots.restore(offered)
    let index = 0
    return {
      async take(chunk) {
        const taken = await taking.take(chunk)
        say({ type: 'chunk', index, taken: taken.ok ? taken.value : taken.reason.type })
        if (taken.ok) index += 1
        if (taken.ok && taken.value === 'whole') tell()
        return taken
      },
    }
  },
}
/** Reads along what the engine asks of the ledger. */
function listenIn(stream: Duplex): void {
  const frames = new FrameReader()
  stream.on('data', (chunk: Uint8Array) => {
    const whole = frames.push(chunk)
    for (const message of whole.ok ? whole.value : []) {
      const request = readRequest(message)
      if (request.ok && isCall(request.value.type)) say({ type: 'call', call: request.value.type })
    }
  })
}

const later = (block: Block): Block => ({ ...block, time: block.time + 1 })

const started = await startCometEngine({
  home: {
    directory: folderIn(plan.directory, 'engine'),
    chain,
    member: plan.member,
    validatorSeed: validatorSeedOf(plan.signsAs ?? plan.member),
    nodeSeed: nodeSeedOf(plan.member),
    listen: { host: '127.0.0.1', port: plan.port },
    peers: plan.peers,
    timing: { propose: 1_000, commit: 0, emptyBlocks: 1_000 },
    mayHaveSigned: (store.tip()?.height ?? 0) > 0,
    ...(plan.begin && { begin: plan.begin }),
  },
  program: enginePath,
  machine: plan.lies ? { ...machine, apply: (reader, block) => machine.apply(reader, later(block)) } : machine,
  store,
  signatures,
  snapshots,
  validators,
  admits(state, nodeId) {
    say({ type: 'peer', nodeId })
    return admits(state, nodeId)
  },
  sockets: {
    ...sockets,
    listen: (file, accept) =>
      sockets.listen(file, (stream) => {
        accept(stream)
        listenIn(stream)
      }),
  },
  ...realTime,
  environment: plan.environment,
  stillSeconds: 10,
  onEvent: (event) => say({ type: 'event', event }),
  onFailure(error) {
    say({ type: 'failed', text: String(error) })
    process.exit(1)
  },
})
if (!started.ok) {
  say({ type: 'refused', reason: started.reason.type })
  process.exit(1)
}
const { member, stop } = started.value
member.replica.onApplied(tell)
tell()

const reasonIn = (reason: SubmitRefusal): string => (reason.type === 'refused' ? reason.reason : reason.type)

process.on('message', (word: { readonly type: 'offer'; readonly envelope: string } | { readonly type: 'stop' }) => {
  if (word.type === 'stop') {
    stop().then(() => {
      store.close()
      process.exit(0)
    })
    return
  }
  const envelope = new Uint8Array(Buffer.from(word.envelope, 'base64'))
  const read = readEnvelope(envelope)
  const id = read.ok ? toHex(read.value.id) : ''
  member.offer(envelope, (answer) =>
    say({
      type: 'answer',
      id,
      text: answer.ok ? `${answer.value.outcome.space} ${answer.value.outcome.code}` : reasonIn(answer.reason),
      height: answer.ok ? answer.value.height : 0,
    }),
  )
})
// Whoever started us is gone: nobody would end us.
process.on('disconnect', () => process.exit(1))
