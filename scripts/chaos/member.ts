/** One member of a network under faults: its process and the engine beside it, as an operator and a bad day treat them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toHex } from '@plexus/codec'
import type { Patch } from './patch.ts'

const program = fileURLToPath(new URL('../../apps/node/src/main.ts', import.meta.url))
const patched = new URL('./patched.ts', import.meta.url).href
export const node = ['--disable-warning=ExperimentalWarning', program] as const
const patchedNode = ['--disable-warning=ExperimentalWarning', '--import', patched, program] as const

/** One of the node's own commands, beside whatever runs: its exit status. What it said is shown where that is not 0. */
export function command(args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [...node, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      if (status !== 0) console.error(said)
      resolve(status)
    })
  })
}

export type Part = 'app' | 'both' | 'engine'

/** On a busy machine a node takes seconds to open its stores. */
const startMillisecondsMax = 60_000
/** A member that is paused does not answer; whoever asked goes on. */
export const answerMillisecondsMax = 15_000

export class Member {
  readonly name: string
  private readonly data: string
  private readonly port: number
  private readonly peers: readonly string[]
  private child: ChildProcess | undefined
  private gone: Promise<void> = Promise.resolve()

  /** `peers`: where its engine dials the others, `ID@HOST:PORT`; without them, as the ledger says. */
  constructor(data: string, name: string, port: number, peers: readonly string[] = []) {
    this.data = data
    this.name = name
    this.port = port
    this.peers = peers
  }

  /** The calls of its engines, a line for each run. */
  get calls(): string {
    return join(this.data, `${this.name}.calls`)
  }

  /** The answers with keys that left its node. */
  get left(): string {
    return join(this.data, `${this.name}.left`)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get folder(): string {
    return join(this.data, this.name)
  }

  /** Resolves when its API answers. */
  async start(patch: Partial<Patch> = {}): Promise<void> {
    const log = openSync(join(this.data, `${this.name}.log`), 'a', 0o600)
    const args = ['start', '--data', this.data, '--member', this.name, '--port', String(this.port), '--json']
    for (const peer of this.peers) args.push('--peer', peer)
    const child = spawn(process.execPath, [...patchedNode, ...args], {
      stdio: ['ignore', 'pipe', log, 'ipc'],
      detached: true,
      env: { ...process.env, PLEXUS_CHAOS: JSON.stringify({ ...patch, calls: this.calls, left: this.left }) },
    })
    closeSync(log)
    this.child = child
    this.gone = new Promise((resolve) => child.on('exit', () => resolve()))
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} does not start`)), startMillisecondsMax)
      child.stdout?.on('data', () => {
        clearTimeout(timer)
        resolve()
      })
      child.on('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`${this.name} ended with ${code} while it started: see its log`))
      })
    })
  }

  /** Asks it to end, and answers whether it ended well. */
  async stop(): Promise<boolean> {
    const { child } = this
    child?.kill('SIGTERM')
    await this.gone
    return child?.exitCode === 0
  }

  /** Until it has ended, by itself; answers with which status, or nothing when it still runs after so many seconds. */
  async endsBy(secondsMax: number): Promise<number | null | undefined> {
    const timer = new Promise<void>((resolve) => setTimeout(resolve, secondsMax * 1000).unref())
    await Promise.race([this.gone, timer])
    const { exitCode = null, signalCode = null } = this.child ?? {}
    return exitCode === null && signalCode === null ? undefined : exitCode
  }

  /** What it has said so far, of all its runs. */
  get log(): string {
    return readFileSync(join(this.data, `${this.name}.log`), 'utf8')
  }

  async kill(part: Part): Promise<void> {
    if (part !== 'app') this.signalEngine('SIGKILL')
    if (part === 'engine') return
    this.child?.kill('SIGKILL')
    await this.gone
  }

  signal(part: Part, signal: 'SIGCONT' | 'SIGSTOP'): void {
    if (part !== 'app') this.signalEngine(signal)
    if (part !== 'engine') this.child?.kill(signal)
  }

  async get<Value>(path: string): Promise<Value> {
    const signal = AbortSignal.timeout(answerMillisecondsMax)
    const response = await fetch(`http://127.0.0.1:${this.port}/v1/members/${this.name}${path}`, { signal })
    if (!response.ok) throw new Error(`${this.name} answers with status ${response.status}`)
    return (await response.json()) as Value
  }

  async post(path: string, type: string, body: Uint8Array) {
    const token = toHex(this.secret('api-token'))
    const response = await fetch(`http://127.0.0.1:${this.port}/v1/members/${this.name}${path}`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: `Bearer ${token}` },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(answerMillisecondsMax),
    })
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      text: await response.text(),
    }
  }

  /** Whether it says of itself that it can serve. */
  async ready(): Promise<boolean> {
    const signal = AbortSignal.timeout(answerMillisecondsMax)
    return (await fetch(`http://127.0.0.1:${this.port}/health/ready`, { signal })).ok
  }

  async metric(name: string): Promise<number> {
    const signal = AbortSignal.timeout(answerMillisecondsMax)
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`, { signal })).text()
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])
  }

  async height(): Promise<number> {
    return (await this.get<{ readonly height: number }>('/ledger')).height
  }

  secret(name: string): Uint8Array {
    return new Uint8Array(readFileSync(join(this.data, this.name, 'keys', `${name}.secret`)))
  }

  /** By the number that the node wrote down; an engine that is between two runs has none. */
  private signalEngine(signal: NodeJS.Signals): void {
    try {
      process.kill(Number(readFileSync(join(this.data, this.name, 'engine', 'engine.pid'), 'utf8')), signal)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ESRCH') throw error
    }
  }
}
