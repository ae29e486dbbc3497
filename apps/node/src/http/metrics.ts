/** Prometheus metrics of the process: counts, heights and times by member, and nothing about patients. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Measures } from '../measures.ts'
import type { Network } from '../network.ts'
import { type MemberReadings, readingsOf } from '../readings.ts'

/** Names that code tells of are few words of its own; what comes after these many is counted as one. */
const namesMax = 64
const namePattern = /^[a-z][a-z-]{0,39}$/

/** From a write into the cache of a disk to one that waits for a disk that is failing. */
const writeBuckets = [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]
const answerBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]

export interface Metrics extends Measures {
  readonly registry: Registry
  /** To be handed to the network as its `observe`. */
  observe(member: string, what: string, seconds?: number): void
  answered(of: { readonly method: string; readonly route: string; readonly status: number }, seconds: number): void
  /** A part of the process stopped for good; null stands for the key that orders. */
  failed(member: string | null): void
  /** Reads what stands in these nodes whenever metrics are asked for. */
  watch(network: Network, now: () => number): void
}

/** Each gauge of a member with its help, in the order in which they are shown. */
const memberGauges: readonly (readonly [string, string, keyof MemberReadings])[] = [
  ['plexus_ledger_height', "Newest block of the member's replica, a number of blocks.", 'height'],
  ['plexus_ledger_block_age_seconds', 'Age in seconds of that block, by the clock of this machine.', 'blockAgeSeconds'],
  [
    'plexus_checkpoint_blocks',
    'Blocks under the newest checkpoint that the member signed, a number.',
    'checkpointBlocks',
  ],
  [
    'plexus_checkpoint_age_seconds',
    'Age in seconds of the newest block under that checkpoint.',
    'checkpointAgeSeconds',
  ],
  ['plexus_outbox_waiting', 'Notes and notices that nobody has acknowledged, a number.', 'outboxWaiting'],
  [
    'plexus_notes_waiting',
    'Notes and own requests that wait for their turn, a number; at 10,000 no sender is heard.',
    'notesWaiting',
  ],
  ['plexus_leaves_waiting', 'Leaves that wait for a batch, a number; never less than there are.', 'leavesWaiting'],
  ['plexus_batches_in_flight', 'Batches that are not on the ledger yet, a number; at most 16.', 'batchesInFlight'],
  [
    'plexus_recovery',
    'A member put back from a backup: 1 while it finds out what that missed, 2 while it waits for an operator; 0 otherwise.',
    'recovery',
  ],
  [
    'plexus_backup_age_seconds',
    'Age in seconds of the last backup; of the network when there is none.',
    'backupAgeSeconds',
  ],
  [
    'plexus_key_backup_age_seconds',
    'Age in seconds of the last backup of the wrapped keys; of the network when there is none.',
    'keyBackupAgeSeconds',
  ],
  [
    'plexus_validators_misbehaved',
    'Keys of validators of which the engine proved misbehaviour, a number; the ledger keeps each for good.',
    'validatorsMisbehaved',
  ],
  [
    'plexus_forks',
    'Forks of the ledger that the member has seen and that stand, a number; while there is one, it releases no key.',
    'forks',
  ],
  ['plexus_vault_records', 'Record versions whose key is there, a number.', 'recordsOpen'],
  ['plexus_vault_records_erased', 'Record versions whose key was destroyed, a number.', 'recordsErased'],
  [
    'plexus_key_store_generation',
    'Generation of the key store, a number that rises with each erasure.',
    'keyGeneration',
  ],
  ['plexus_disk_free_bytes', "Room in bytes on the disk of the member's folder.", 'diskFreeBytes'],
]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const steps = new Counter({
    name: 'plexus_exchange_steps_total',
    help: 'Durable steps of the exchange, by member and kind, a number.',
    labelNames: ['member', 'step'],
    registers,
  })
  const stepSeconds = new Histogram({
    name: 'plexus_exchange_step_seconds',
    help: 'Seconds that steps of the exchange took, for those that say so.',
    labelNames: ['member', 'step'],
    buckets: answerBuckets,
    registers,
  })
  const requests = new Histogram({
    name: 'plexus_http_request_seconds',
    help: 'Seconds that HTTP requests took, by the pattern of their route.',
    labelNames: ['method', 'route', 'status'],
    buckets: answerBuckets,
    registers,
  })
  const writes = new Histogram({
    name: 'plexus_durable_write_seconds',
    help: 'Seconds that durable writes took, by member and store; a write of `ledger` is the commit of one block.',
    labelNames: ['member', 'write'],
    buckets: writeBuckets,
    registers,
  })
  const submissions = new Histogram({
    name: 'plexus_submission_seconds',
    help: "Seconds from an envelope's offer to its answer: durable at this member, or refused.",
    labelNames: ['member'],
    buckets: answerBuckets,
    registers,
  })
  const answers = new Counter({
    name: 'plexus_submissions_total',
    help: 'Envelopes that were answered, by `applied` or the name of the refusal, a number.',
    labelNames: ['member', 'answer'],
    registers,
  })
  const verified = new Counter({
    name: 'plexus_signatures_verified_total',
    help: 'Signatures that a member verified where it checks envelopes and blocks, a number; the threads had not.',
    labelNames: ['member'],
    registers,
  })
  const pooled = new Counter({
    name: 'plexus_verifier_envelopes_total',
    help: 'Envelopes that the verifier threads answered, by whether all signatures held, a number.',
    labelNames: ['held'],
    registers,
  })
  const failures = new Counter({
    name: 'plexus_failures_total',
    help: 'Parts of the process that stopped for good, by member; `sequencer` is the key that orders. A number.',
    labelNames: ['member'],
    registers,
  })
  watchProcess(registry)
  const stepNames = boundedNames()
  const answerNames = boundedNames()
  const writeNames = boundedNames()
  return {
    registry,
    observe(member, what, seconds) {
      const step = stepNames(what)
      steps.inc({ member, step })
      if (seconds !== undefined) stepSeconds.observe({ member, step }, seconds)
    },
    answered({ method, route, status }, seconds) {
      requests.observe({ method, route, status: String(status) }, seconds)
    },
    wrote: (member, write, seconds) => writes.observe({ member, write: writeNames(write) }, seconds),
    submitted(member, answer, seconds) {
      answers.inc({ member, answer: answerNames(answer) })
      submissions.observe({ member }, seconds)
    },
    verified: (member, signatures) => verified.inc({ member }, signatures),
    pooled(envelopes, refused) {
      pooled.inc({ held: 'true' }, envelopes - refused)
      pooled.inc({ held: 'false' }, refused)
    },
    failed: (member) => failures.inc({ member: member ?? 'sequencer' }),
    watch(network, now) {
      watchMembers(registry, network, now)
      const gauge = (name: string, help: string, read: () => number): void => {
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(read())
          },
        })
      }
      gauge(
        'plexus_mempool_waiting',
        'Envelopes that wait for a block, a number; at 10,000 a sender is told to come again.',
        () => network.readings().mempoolWaiting,
      )
      gauge(
        'plexus_verifier_waiting',
        'Envelopes that wait for the verifier threads, a number.',
        () => network.readings().verifierWaiting,
      )
    },
  }
}

/** One reading of a node serves all its gauges. */
function watchMembers(registry: Registry, network: Network, now: () => number): void {
  let read: ReadonlyMap<string, MemberReadings> | undefined
  const readings = (): ReadonlyMap<string, MemberReadings> => {
    if (read) return read
    const at = now()
    read = new Map([...network.nodes].map(([member, node]) => [member, readingsOf(node, at)]))
    setImmediate(() => {
      read = undefined
    })
    return read
  }
  for (const [name, help, reading] of memberGauges)
    new Gauge({
      name,
      help,
      labelNames: ['member'],
      registers: [registry],
      collect() {
        for (const [member, values] of readings()) this.set({ member }, values[reading])
      },
    })
}

function watchProcess(registry: Registry): void {
  const registers = [registry]
  new Gauge({
    name: 'plexus_process_memory_bytes',
    help: 'Memory of the process in bytes: resident, heap in use, and outside of the heap.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { rss, heapUsed, external } = process.memoryUsage()
      this.set({ kind: 'resident' }, rss)
      this.set({ kind: 'heap' }, heapUsed)
      this.set({ kind: 'external' }, external)
    },
  })
  new Gauge({
    name: 'plexus_process_cpu_seconds',
    help: 'Seconds of all cores that the process has used since it started.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.set((user + system) / 1e6)
    },
  })
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  new Gauge({
    name: 'plexus_process_delay_seconds',
    help: 'The longest that the process could not attend to anything since this was asked last, in seconds.',
    registers,
    collect() {
      this.set(delay.max / 1e9)
      delay.reset()
    },
  })
}

function boundedNames(): (name: string) => string {
  const seen = new Set<string>()
  return (name) => {
    if (!namePattern.test(name) || (!seen.has(name) && seen.size >= namesMax)) return 'other'
    seen.add(name)
    return name
  }
}
