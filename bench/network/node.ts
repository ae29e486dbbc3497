/** One validator of the suite in a process of its own, with the clients of its member: told what to do by messages. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { contracts, directory } from '@plexus/contracts'
import { createSignatures, startVerifierPool } from '@plexus/engine'
import { createMachine } from '@plexus/kernel'
import { openLedgerStore } from '@plexus/store'
import { startEngine } from './engine.ts'
import { type Load, type NodePlan, type NodeWord, networkOf } from './plan.ts'
import { stateless } from './stateless.ts'

const plan = JSON.parse(process.argv[2] ?? '') as NodePlan
const say = (word: NodeWord): void => void process.send?.(word)
const network = networkOf(plan)
const { chain } = network

let verified = 0
const signatures = createSignatures({
  pool: startVerifierPool(1),
  onVerified(count) {
    verified += count
  },
})
const whole = createMachine({ chain, contracts, directory, signaturesHold: signatures.holds })
mkdirSync(plan.directory, { recursive: true })
const bare =
  plan.application === 'stateless' ? stateless(whole, signatures.holds, join(plan.directory, 'log')) : undefined
const kept = bare ? undefined : openLedgerStore(join(plan.directory, 'ledger'), { chain: chain.id })
const store = bare?.store ?? kept
if (!store) throw new Error('an application has a store')

const { member, stop } = await startEngine(
  {
    home: network.homeOf(plan.index, join(plan.directory, 'engine')),
    program: plan.program,
    machine: bare?.machine ?? whole,
    store,
    signatures,
  },
  say,
)

let made = 0
let envelopes: readonly Uint8Array[] = []

function make({ envelopes: count }: Load): void {
  const now = Date.now() / 1_000
  envelopes = Array.from({ length: count }, () => network.opening(plan.index, made++, now))
  say({ type: 'made' })
}

/** Offers until all are answered, or, where there is a time, until it is over. */
async function load({ atOnce, perSecond, seconds }: Load): Promise<void> {
  const milliseconds: number[] = []
  const before = verified
  const from = performance.now()
  const until = seconds === null ? Number.POSITIVE_INFINITY : from + 1_000 * seconds
  let sent = 0
  let open = 0
  let lost = 0
  let lastAt = from
  await new Promise<void>((resolve) => {
    const next = (): void => {
      const now = performance.now()
      const over = now >= until || sent === envelopes.length
      if (over && open === 0) {
        clearInterval(timer)
        resolve()
        return
      }
      const due = perSecond === null ? envelopes.length : Math.floor(((now - from) / 1_000) * perSecond)
      while (!over && open < atOnce && sent < Math.min(due, envelopes.length)) offer()
    }
    const offer = (): void => {
      const envelope = envelopes[sent++]
      if (!envelope) return
      const at = performance.now()
      open += 1
      member.offer(envelope, (answer) => {
        open -= 1
        lastAt = performance.now()
        if (answer.ok && answer.value.outcome.code === 0) milliseconds.push(lastAt - at)
        else lost += 1
        setImmediate(next)
      })
    }
    const timer = setInterval(next, 2)
  })
  say({ type: 'loaded', sent, lost, verified: verified - before, seconds: (lastAt - from) / 1_000, milliseconds })
}

process.on('message', (word: { readonly type: 'load' | 'make' | 'stop' | 'tip'; readonly load: Load }) => {
  if (word.type === 'make') make(word.load)
  else if (word.type === 'load') load(word.load)
  else if (word.type === 'tip') {
    const tip = store.tip()
    say({ type: 'tip', height: tip?.height ?? 0, appHash: toHex(tip?.appHash ?? new Uint8Array(0)), verified })
  } else
    stop().then(() => {
      bare?.close()
      kept?.close()
      process.exit(0)
    })
})
