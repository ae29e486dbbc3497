/** One member of a network under faults: its process and the engine beside it, as an operator and a bad day treat them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toHex } from '@plexus/codec'

const program = fileURLToPath(new URL('../../apps/node/src/main.ts', import.meta.url))
export const node = ['--disable-warning=ExperimentalWarning', program] as const

export type Part = 'app' | 'both' | 'engine'

/** On a busy machine a node takes seconds to open its stores. */
const startMillisecondsMax = 60_000
/** A member that is paused does not answer; whoever asked goes on. */
const answerMillisecondsMax = 15_000

export class Member {
  readonly name: string
  private readonly data: string
  private readonly port: number
  private child: ChildProcess | undefined
  private gone: Promise<void> = Promise.resolve()

  constructor(data: string, name: string, port: number) {
    this.data = data
    this.name = name
    this.port = port
  }

  /** Resolves when its API answers. */
  async start(): Promise<void> {
    const log = openSync(join(this.data, `${this.name}.log`), 'a', 0o600)
    const args = ['start', '--data', this.data, '--member', this.name, '--port', String(this.port), '--json']
    const child = spawn(process.execPath, [...node, ...args], { stdio: ['ignore', 'pipe', log, 'ipc'], detached: true })
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
