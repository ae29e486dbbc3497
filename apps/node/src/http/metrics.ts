/** Prometheus metrics of the process: counts, heights and times by member, and nothing about patients. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Network } from '../network.ts'

/** Steps that an exchange tells of are few words of its own; what comes after these many is counted as one. */
const stepNamesMax = 64
const stepName = /^[a-z][a-z-]{0,39}$/

export interface Metrics {
  readonly registry: Registry
  /** To be handed to the network as its `observe`. */
  observe(member: string, what: string, seconds?: number): void
  answered(of: { readonly method: string; readonly route: string; readonly status: number }, seconds: number): void
  /** Reads heights, ages and outboxes of these nodes whenever metrics are asked for. */
  watch(network: Network, now: () => number): void
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const steps = new Counter({
    name: 'plexus_exchange_steps_total',
    help: 'Durable steps of the exchange, by member and kind.',
    labelNames: ['member', 'step'],
    registers,
  })
  const stepSeconds = new Histogram({
    name: 'plexus_exchange_step_seconds',
    help: 'How long steps of the exchange took, for those that say so.',
    labelNames: ['member', 'step'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  const requests = new Histogram({
    name: 'plexus_http_request_seconds',
    help: 'HTTP requests, by the pattern of their route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  const seen = new Set<string>()
  return {
    registry,
    observe(member, what, seconds) {
      const known = stepName.test(what) && (seen.has(what) || seen.size < stepNamesMax)
      const step = known ? what : 'other'
      if (known) seen.add(what)
      steps.inc({ member, step })
      if (seconds !== undefined) stepSeconds.observe({ member, step }, seconds)
    },
    answered({ method, route, status }, seconds) {
      requests.observe({ method, route, status: String(status) }, seconds)
    },
    watch(network, now) {
      const gauge = (name: string, help: string, valueFor: (member: string) => number): void => {
        new Gauge({
          name,
          help,
          labelNames: ['member'],
          registers,
          collect() {
            for (const member of network.nodes.keys()) this.set({ member }, valueFor(member))
          },
        })
      }
      const tip = (member: string) => network.node(member).store.tip()
      gauge('plexus_ledger_height', "Newest block of the member's replica.", (member) => tip(member)?.height ?? 0)
      gauge('plexus_ledger_block_age_seconds', 'Age of that block by the clock of this machine.', (member) =>
        Math.max(0, now() - (tip(member)?.time ?? 0)),
      )
      const signed = (member: string) => network.node(member).checkpoints.newest?.size ?? 0
      gauge('plexus_checkpoint_blocks', 'Blocks under the newest checkpoint that the member signed.', signed)
      gauge('plexus_checkpoint_age_seconds', 'Age of the newest block under that checkpoint.', (member) => {
        const { time } = network.node(member).store.summary(signed(member)) ?? network.chain.genesis
        return Math.max(0, now() - time)
      })
      gauge(
        'plexus_outbox_waiting',
        'Notes and notices that nobody has acknowledged.',
        (member) => network.node(member).exchange.outbox.waiting,
      )
    },
  }
}
