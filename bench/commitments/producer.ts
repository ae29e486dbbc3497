/**
 * A member that makes commitments in bulk: statements, leaf keys and openings in a sealed journal, batches over the HTTP
 * API of its node, and what is committed read from its own replica.
 */
import { openAead, sealAead, systemRandom } from '@plexus/crypto'
import { Batches, type GroupRun, type LeafPlace } from '@plexus/exchange'
import type { LocalDoors, MemberNode } from '@plexus/node'
import { type SubmitPort, submitEnvelope } from '@plexus/sdk'
import { openJournal, type Sealing } from '@plexus/store'
import { now } from '../world.ts'

/** About what a reading of a wearable takes, encoded; the first eight are its number. */
const statementBytes = 80
export const statementType = 'reading'
/** One batch's worth, which is one row and one durable write. */
const leavesPerAdding = 4096
/** Between two looks whether there is room; blocks are heard of besides. */
const waitMilliseconds = 2
const tickMilliseconds = 50

export interface Producer {
  readonly batches: () => Batches
  /** Statements that were made; all of them are durable. */
  readonly made: () => number
  /** Envelopes that the node answered as applied. */
  readonly applied: () => number
  /** Seconds so far: in all that batches do, of it in writes of the journal, and of these in sealing. */
  readonly spent: Readonly<Spent>
  /** Makes so many more statements, or as many as there is time for; `each` runs after each batch's worth. */
  produce(until: { readonly leaves: number; readonly seconds: number; readonly each?: () => void }): Promise<void>
  /** The place of a statement by its number, from 0. */
  placeOf(number: number): LeafPlace
  /** Resolves when all that was made is on the ledger. */
  committed(seconds: number): Promise<void>
  /** Goes on from the journal with nothing of it in memory, as after a restart; only when all that was made is committed. */
  forget(): void
  close(): Promise<void>
}

export interface Spent {
  working: number
  writing: number
  sealing: number
}

/** The journal stands in `folder`, sealed under `key`. */
export function startProducer(
  node: MemberNode,
  doors: LocalDoors,
  { folder, key }: { readonly folder: string; readonly key: Uint8Array },
): Producer {
  const spent: Spent = { working: 0, writing: 0, sealing: 0 }
  const timed = <Value>(stage: keyof Spent, action: () => Value): Value => {
    const from = now()
    const value = action()
    spent[stage] += now() - from
    return value
  }
  const { seal, open } = sealingUnder(key)
  const opened = openJournal(folder, {
    sealing: { seal: (plain) => timed('sealing', () => seal(plain)), open },
  })
  const write = (changes: Parameters<typeof opened.write>[0]): void => timed('writing', () => opened.write(changes))
  // Its envelopes go out at once: what they commit to is durable by then.
  const journal = { ...opened, write, append: write }
  const port = portTo(doors.address(node.member), doors.token(node.member))
  const posts = new Map<Uint8Array, Promise<void>>()
  const runs: (GroupRun & { readonly from: number })[] = []
  let applied = 0
  let made = 0
  let failure: unknown

  async function post(envelope: Uint8Array): Promise<void> {
    const answer = await submitEnvelope(port, envelope)
    if (!answer.ok) throw new Error(`the node refused a batch: ${JSON.stringify(answer.reason)}`)
    applied++
  }

  function submit(envelope: Uint8Array): void {
    // Offered again while its first answer is under way: that answer will do.
    if (posts.has(envelope)) return
    const posted = post(envelope)
      .catch((error) => {
        failure ??= error
      })
      .finally(() => posts.delete(envelope))
    posts.set(envelope, posted)
  }

  const begin = () =>
    new Batches({
      journal,
      member: node.member,
      seed: node.seed,
      surroundings: { now, random: systemRandom, send: () => {} },
      replica: {
        chain: node.chain,
        state: node.store,
        tip() {
          const tip = node.store.tip()
          if (!tip) throw new Error('the replica was never founded')
          return tip
        },
        submit,
        // Receipt bundles are no part of this.
        block: () => undefined,
        stateProof: () => undefined,
      },
    })
  let batches = begin()
  const endListening = node.replica.onApplied(() => timed('working', () => batches.tick()))
  const timer = setInterval(() => timed('working', () => batches.tick()), tickMilliseconds)
  const failed = (): void => {
    if (failure) throw new Error('the producer stopped', { cause: failure })
  }

  return {
    batches: () => batches,
    made: () => made,
    applied: () => applied,
    spent,
    async produce({ leaves, seconds, each }) {
      const end = now() + seconds
      const target = made + leaves
      while (made < target && now() < end) {
        failed()
        const some = statements(made, Math.min(leavesPerAdding, target - made))
        const taken = timed('working', () => batches.addMany(statementType, some))
        if (!taken.ok) {
          await new Promise((resolve) => setTimeout(resolve, waitMilliseconds))
          continue
        }
        for (const run of taken.value) {
          runs.push({ ...run, from: made })
          made += run.count
        }
        each?.()
        // The node has its turn between two batches.
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    placeOf(number) {
      if (number >= made) throw new Error(`statement ${number} was not made`)
      let [low, high] = [0, runs.length - 1]
      while (low < high) {
        const middle = Math.ceil((low + high) / 2)
        if ((runs[middle]?.from ?? 0) <= number) low = middle
        else high = middle - 1
      }
      const { group = 0, from = 0 } = runs[low] ?? {}
      return { group, index: number - from }
    },
    async committed(seconds) {
      const end = now() + seconds
      while (!batches.idle || posts.size > 0) {
        failed()
        if (now() > end) throw new Error(`waited ${seconds} s for the batches to be committed`)
        await new Promise((resolve) => setTimeout(resolve, waitMilliseconds))
      }
      failed()
    },
    forget() {
      if (!batches.idle) throw new Error('what is in flight would be sent twice')
      batches = begin()
    },
    async close() {
      clearInterval(timer)
      endListening()
      await Promise.all(posts.values())
      journal.close()
    },
  }
}

/** Fresh statements, each with its number in front, so that what is opened can be told from any other. */
export function statements(from: number, count: number): readonly Uint8Array[] {
  const bytes = systemRandom(count * statementBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return Array.from({ length: count }, (_, index) => {
    view.setBigUint64(index * statementBytes, BigInt(from + index))
    return bytes.subarray(index * statementBytes, (index + 1) * statementBytes)
  })
}

export function numberOf(statement: Uint8Array): number {
  return Number(new DataView(statement.buffer, statement.byteOffset).getBigUint64(0))
}

/** As a node seals its own journal. */
function sealingUnder(key: Uint8Array): Sealing {
  const context = new Uint8Array(0)
  const nonceLength = 12
  return {
    seal(plaintext) {
      const nonce = systemRandom(nonceLength)
      const sealed = sealAead({ key, nonce, plaintext, context })
      const joined = new Uint8Array(nonceLength + sealed.length)
      joined.set(nonce)
      joined.set(sealed, nonceLength)
      return joined
    },
    open: (bytes) => openAead({ key, nonce: bytes.slice(0, nonceLength), sealed: bytes.slice(nonceLength), context }),
  }
}

function portTo(address: string, token: string): SubmitPort {
  return {
    async post(path, type, body) {
      const response = await fetch(address + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body: new Uint8Array(body),
      })
      return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() }
    },
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  }
}
