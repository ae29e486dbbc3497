/** What every node of a test knows of keys and addresses, as if all had applied the same block; and nodes under it. */
import { ok, type Result } from '@plexus/codec'
import { publicKeyOf, systemRandom } from '@plexus/crypto'
import { onTestFinished } from 'vitest'
import {
  type PeerEvent,
  type Peers,
  type PeersOptions,
  type PeerTiming,
  type ReceiveOutcome,
  startPeers,
} from './index.ts'

/** So short that a test that waits for one of them ends in a second, and long enough for a machine that is busy. */
const timing: Partial<PeerTiming> = { retryFirst: 20, retryMax: 400 }
/** What never comes fails its test, before whoever runs all of them gives up. */
const untilMilliseconds = 30_000

export interface Node {
  readonly member: string
  readonly peers: Peers
  readonly options: PeersOptions
  readonly events: PeerEvent[]
  readonly notes: { readonly from: string; readonly text: string }[]
  /** Resolves when it is so; looks after every event, and rejects in the end. */
  until(ready: () => boolean): Promise<void>
  /** How often a note that it was to send ended so. */
  sent(outcome: string): number
  /** Notes that were left to their owner. */
  readonly unsent: number
  received(outcome: ReceiveOutcome): number
}

export class Ledger {
  /** Holders by key in hexadecimal. */
  readonly keys = new Map<string, string>()
  readonly addresses = new Map<string, string>()
  private readonly nodes = new Set<Node>()

  /** A new transport key of a member. */
  key(member: string): Uint8Array {
    const seed = systemRandom(32)
    this.keys.set(hexOf(seed), member)
    return seed
  }

  /** As after each block. */
  applied(): void {
    for (const { peers } of this.nodes) peers.refresh()
  }

  async node(
    member: string,
    parts: {
      readonly seed?: Uint8Array | (() => Uint8Array)
      readonly receive?: (from: string, note: Uint8Array) => Promise<Result<unknown, { readonly type: string }>>
      readonly answer?: PeersOptions['answer']
      readonly answerWallet?: PeersOptions['answerWallet']
      readonly now?: () => number
      readonly timing?: Partial<PeerTiming>
      readonly port?: number
      /** Where others find it; its own port unless told otherwise. */
      readonly address?: string
    } = {},
  ): Promise<Node> {
    const { seed = this.key(member) } = parts
    const events: PeerEvent[] = []
    const notes: Node['notes'] = []
    const watchers = new Set<() => void>()
    const look = (): void => {
      for (const watcher of [...watchers]) watcher()
    }
    const options: PeersOptions = {
      member,
      seed: typeof seed === 'function' ? seed : () => seed,
      holderOf: (key) => this.keys.get(key),
      addressOf: (other) => this.addresses.get(other),
      receive: async (from, note) => {
        const answer = (await parts.receive?.(from, note)) ?? ok(undefined)
        if (answer.ok) notes.push({ from, text: Buffer.from(note).toString() })
        look()
        return answer
      },
      answer: parts.answer,
      answerWallet: parts.answerWallet,
      status: () => ({ chain: new Uint8Array(32), member, height: 7, blockTime: 1, clock: 2, version: '0.1.0' }),
      random: systemRandom,
      now: parts.now ?? (() => performance.now() / 1000),
      schedule: (callback, milliseconds) => {
        const timer = setTimeout(callback, milliseconds)
        return () => clearTimeout(timer)
      },
      observe: (event) => {
        events.push(event)
        look()
      },
      timing: { ...timing, ...parts.timing },
    }
    const peers = await startPeers(options, { host: '127.0.0.1', port: parts.port ?? 0 })
    this.addresses.set(member, parts.address ?? `plexus://127.0.0.1:${peers.port}`)
    const node: Node = {
      member,
      peers,
      options,
      events,
      notes,
      until: (ready) =>
        new Promise((resolve, reject) => {
          const limit = setTimeout(() => {
            watchers.delete(watcher)
            reject(new Error(`${member} waited ${untilMilliseconds / 1000} s; it saw ${JSON.stringify(events)}`))
          }, untilMilliseconds)
          const watcher = (): void => {
            if (!ready()) return
            watchers.delete(watcher)
            clearTimeout(limit)
            resolve()
          }
          watchers.add(watcher)
          watcher()
        }),
      get unsent() {
        return node.sent('peer-down') + node.sent('given-up')
      },
      sent: (outcome) => events.filter((event) => event.type === 'sent' && event.outcome === outcome).length,
      received: (outcome) => events.filter((event) => event.type === 'received' && event.outcome === outcome).length,
    }
    this.nodes.add(node)
    onTestFinished(async () => {
      this.nodes.delete(node)
      await peers.close()
    })
    return node
  }
}

export const hexOf = (seed: Uint8Array): string => Buffer.from(publicKeyOf(seed)).toString('hex')
export const note = (text: string): Uint8Array => Buffer.from(text)
