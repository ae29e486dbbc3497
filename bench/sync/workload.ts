/** Suite `sync`: how long a node needs that joins a network, block by block and from a snapshot. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEngine, sayEngineProgramRefusal } from '@plexus/engine'
import { engineSockets, freePorts } from '@plexus/node'
import { readLightBlock } from '@plexus/sdk'
import { builtEngine } from '../network/workload.ts'
import type { Outcome, RunOptions, Suite } from '../suite.ts'
import { type NodePlan, type NodeWord, type ToNode, validator } from './plan.ts'

export const suite: Suite = {
  name: 'sync',
  claim:
    'The time from the start of a fresh node until it is abreast of a network with a million open handles and a hundred thousand blocks, once by applying every block and once from a snapshot that is verified against the header of a light client.',
  nonClaim:
    'One machine: nothing about the way between machines, and the one validator makes blocks meanwhile on the same cores. Most blocks are empty, as on a quiet network: a busy one takes longer to replay. Five seconds of the second time are the engine’s, which looks for snapshots for at least so long.',
  oneCore: false,
  run,
}

interface Sizes {
  readonly handles: number
  readonly blocks: number
  readonly snapshotEvery: number
}

const full: Sizes = { handles: 1_000_000, blocks: 100_000, snapshotEvery: 50_000 }
const tiny: Sizes = { handles: 5_000, blocks: 20, snapshotEvery: 20 }

/** A hundred thousand blocks take an hour on a slow disk. */
const patienceMilliseconds = 2 * 3_600_000
const trustSeconds = 24 * 3_600
const lookSeconds = 5

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const found = await findEngine({ built: builtEngine, path: process.env['PATH'] ?? '' })
  if (!found.ok) throw new Error(sayEngineProgramRefusal(found.reason))
  const sizes = small ? tiny : full
  const folder = mkdtempSync(join(tmpdir(), 'plexus-'))
  const [port = 0] = await freePorts(1)
  const plan = { foundedAt: Math.floor(Date.now() / 1_000) - 5, port, program: found.value, ...sizes }
  const nodes: Node[] = []
  const start = (name: string, more: Partial<NodePlan> = {}): Node => {
    const node = startNode({ ...plan, name, directory: join(folder, name), ...more })
    nodes.push(node)
    return node
  }
  try {
    const source = start(validator)
    await source.hears('up')
    source.say({ type: 'open', handles: sizes.handles })
    await source.hears('opened')
    tell(`${sizes.handles} handles are open, at block ${source.height()}`)
    const { height: newest } = await source.hears('snapshot', ({ height }) => height >= sizes.blocks)
    tell(`${newest} blocks and a snapshot are made`)

    const abreast = async (name: string, more: Partial<NodePlan> = {}) => {
      const from = performance.now()
      const wanted = source.height()
      const node = start(name, more)
      await node.hears('up')
      await node.hears('height', ({ height }) => height >= wanted)
      const seconds = (performance.now() - from) / 1_000
      tell(`${name}: abreast after ${seconds.toFixed(1)} s`)
      const height = node.height()
      await source.hears('height', (word) => word.height >= height)
      const [own, same] = [await node.told(height), await source.told(height)]
      await node.stop()
      return { seconds, begins: own.begins, handles: own.handles, agrees: own.appHash === same.appHash }
    }
    const replayed = await abreast('replayed')
    const rpc = join(folder, validator, 'engine', 'rpc.sock')
    const begin = { sources: [`unix://${rpc}`, `unix://${rpc}`], trusted: await firstBlock(rpc), trustSeconds }
    const synced = await abreast('synced', { begin: { ...begin, lookSeconds } })
    return {
      figures: [
        { name: 'abreast by applying every block', value: replayed.seconds, unit: 's' },
        { name: 'abreast from a snapshot', value: synced.seconds, unit: 's' },
        { name: 'the first over the second', value: replayed.seconds / synced.seconds, unit: 'times' },
        { name: 'newest snapshot', value: snapshotBytes(join(folder, validator)) / 2 ** 20, unit: 'MiB' },
      ],
      checked: {
        handles: [replayed.handles, synced.handles],
        agree: [replayed.agrees, synced.agrees],
        began: [replayed.begins, synced.begins > 0 && synced.begins % sizes.snapshotEvery === 0],
      },
    }
  } finally {
    for (const node of nodes) node.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Whom the light client believes: here, the block that this very run has made first. */
async function firstBlock(rpc: string): Promise<{ readonly height: number; readonly hash: string }> {
  const ask = (method: string, params: object): Promise<Uint8Array> =>
    engineSockets.post(rpc, JSON.stringify({ jsonrpc: '2.0', id: 0, method, params }))
  const [commit, validators] = [await ask('commit', { height: '1' }), await ask('validators', { height: '1' })]
  const read = readLightBlock({ commit, validators })
  if (!read.ok) throw new Error('the engine does not show its first block')
  return { height: 1, hash: Buffer.from(read.value.commit.block.hash).toString('hex') }
}

function snapshotBytes(directory: string): number {
  const folder = join(directory, 'snapshots')
  const newest = Math.max(...readdirSync(folder).map(Number).filter(Number.isSafeInteger))
  const chunks = readdirSync(join(folder, String(newest)))
  return chunks.reduce((sum, name) => sum + statSync(join(folder, String(newest), name)).size, 0)
}

type Word<Type extends NodeWord['type']> = Extract<NodeWord, { readonly type: Type }>

interface Node {
  readonly height: () => number
  say(word: ToNode): void
  /** The newest such word, when it comes or has come. */
  hears<Type extends NodeWord['type']>(type: Type, fits?: (word: Word<Type>) => boolean): Promise<Word<Type>>
  told(height: number): Promise<Word<'told'>>
  stop(): Promise<void>
  kill(): void
}

function startNode(plan: NodePlan): Node {
  const child: ChildProcess = fork(new URL('./node.ts', import.meta.url), [JSON.stringify(plan)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const newest = new Map<NodeWord['type'], NodeWord>()
  const listeners = new Set<() => void>()
  let gone = false
  child.on('message', (word: NodeWord) => {
    newest.set(word.type, word)
    for (const listener of [...listeners]) listener()
  })
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => {
      gone = true
      resolve()
      for (const listener of [...listeners]) listener()
    })
  })

  const hears = <Type extends NodeWord['type']>(type: Type, fits: (word: Word<Type>) => boolean = () => true) =>
    new Promise<Word<Type>>((resolve, reject) => {
      const finish = (end: () => void): void => {
        clearTimeout(timer)
        listeners.delete(look)
        end()
      }
      const look = (): void => {
        const word = newest.get(type) as Word<Type> | undefined
        const failed = newest.get('failed') as Word<'failed'> | undefined
        if (failed) finish(() => reject(new Error(`${plan.name}: ${failed.text}`)))
        else if (word && fits(word)) finish(() => resolve(word))
        else if (gone) finish(() => reject(new Error(`${plan.name} ended before it said ${type}`)))
      }
      const timer = setTimeout(
        () => finish(() => reject(new Error(`${plan.name} did not say ${type}`))),
        patienceMilliseconds,
      )
      listeners.add(look)
      look()
    })

  return {
    height: () => (newest.get('height') as Word<'height'> | undefined)?.height ?? 0,
    say: (word) => void child.send(word),
    hears,
    told(height) {
      newest.delete('told')
      child.send({ type: 'tell', height } satisfies ToNode)
      return hears('told')
    },
    async stop() {
      child.send({ type: 'stop' } satisfies ToNode)
      await ended
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
