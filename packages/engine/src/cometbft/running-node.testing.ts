/** A node in a process of its own, as a test holds it: what it said, what it is told, and its end by any signal. */
import { fork } from 'node:child_process'
import { toHex } from '@plexus/codec'
import { readEnvelope } from '@plexus/kernel'
import { expect, onTestFinished } from 'vitest'
import { type Call, obeysGrammar } from './call-grammar.ts'
import type { NodePlan, NodeWord } from './network.testing.ts'

export interface RunningNode {
  /** App hash in hexadecimal by height, over all runs that this test held. */
  readonly blocks: Map<number, string>
  readonly words: readonly NodeWord[]
  readonly height: () => number
  /** Signatures that it verified in this run. */
  readonly verified: () => number
  /** What it answers, in words, and the height. */
  offer(envelope: Uint8Array): Promise<{ readonly text: string; readonly height: number }>
  up(): Promise<void>
  /** Whether it came up; false when its engine ended before. */
  upOrEnded(): Promise<boolean>
  /** Until the engine ended, of itself or by a signal. */
  ended(): Promise<void>
  reaches(height: number): Promise<void>
  /** The first word of this run, from now or before, that is looked for. */
  says<Type extends NodeWord['type']>(
    type: Type,
    matches?: (word: Extract<NodeWord, { readonly type: Type }>) => boolean,
  ): Promise<Extract<NodeWord, { readonly type: Type }>>
  /** The process id of the engine that runs now. */
  engine(): number
  kill(): Promise<void>
  stop(): Promise<void>
}

/** Long enough for a machine that is busy with other tests. */
const patienceMilliseconds = 60_000

const child = new URL('./node-child.testing.ts', import.meta.url).pathname

export function runNode(plan: NodePlan, blocks = new Map<number, string>()): RunningNode {
  const words: NodeWord[] = []
  let height = 0
  let verified = 0
  let exited = false
  /** Of the engine that runs now. */
  let calls: Call[] = []
  const waiting = new Set<() => void>()
  const node = fork(child, [JSON.stringify(plan)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  node.on('message', (word: NodeWord) => {
    words.push(word)
    if (word.type === 'event' && word.event.type === 'engine-started') calls = []
    if (word.type === 'call') {
      calls.push(word.call)
      expect(obeysGrammar(calls), calls.slice(-6).join(' ')).toBe(true)
    }
    if (word.type === 'block') {
      height = word.height
      verified = word.verified
      // A height may be told again after a restart, and never otherwise than before.
      expect(blocks.get(word.height) ?? word.appHash).toBe(word.appHash)
      blocks.set(word.height, word.appHash)
    }
    for (const look of [...waiting]) look()
  })
  const gone = new Promise<void>((resolve) => {
    node.on('exit', () => {
      exited = true
      resolve()
      for (const look of [...waiting]) look()
    })
  })

  function until<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        waiting.delete(look)
      }
      const look = (): void => {
        const found = find()
        if (found === undefined && !exited) return
        end()
        if (found === undefined) reject(new Error(`the node ended before ${what}: ${said()}`))
        else resolve(found)
      }
      const timer = setTimeout(() => {
        end()
        reject(new Error(`${what} took too long: ${said()}`))
      }, patienceMilliseconds)
      waiting.add(look)
      look()
    })
  }

  const said = (): string => JSON.stringify(words.slice(-4))

  async function kill(): Promise<void> {
    node.kill('SIGKILL')
    await gone
  }

  onTestFinished(kill)
  return {
    blocks,
    words,
    height: () => height,
    verified: () => verified,
    offer(envelope) {
      const read = readEnvelope(envelope)
      const id = read.ok ? toHex(read.value.id) : ''
      const from = words.length
      node.send({ type: 'offer', envelope: Buffer.from(envelope).toString('base64') })
      return until('an answer', () => {
        const word = words.slice(from).find((each) => each.type === 'answer' && each.id === id)
        return word?.type === 'answer' ? { text: word.text, height: word.height } : undefined
      })
    },
    async up() {
      const from = words.findLastIndex((word) => word.type === 'event' && word.event.type === 'engine-ended') + 1
      await until('the engine came up', () =>
        words.slice(from).find((word) => word.type === 'event' && word.event.type === 'engine-up'),
      )
    },
    async upOrEnded() {
      const isEvent = (word: NodeWord) =>
        word.type === 'event' && (word.event.type === 'engine-up' || word.event.type === 'engine-ended')
      const word = await until('the engine came up or ended', () => words.find(isEvent))
      return word.type === 'event' && word.event.type === 'engine-up'
    },
    async ended() {
      await until('the engine ended', () =>
        words.find((word) => word.type === 'event' && word.event.type === 'engine-ended'),
      )
    },
    async reaches(wanted) {
      await until(`height ${wanted}`, () => (height >= wanted ? height : undefined))
    },
    says: (type, matches = () => true) =>
      until(`it says ${type}`, () => {
        type Word = Extract<NodeWord, { readonly type: typeof type }>
        return words.find((word): word is Word => word.type === type && matches(word as Word))
      }),
    engine() {
      const word = words.findLast((each) => each.type === 'event' && each.event.type === 'engine-started')
      const id = word?.type === 'event' && word.event.type === 'engine-started' ? word.event.process : undefined
      if (id === undefined) throw new Error('no engine was started')
      return id
    },
    kill,
    async stop() {
      node.send({ type: 'stop' })
      await gone
    },
  }
}
