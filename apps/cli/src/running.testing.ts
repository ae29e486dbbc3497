/** Commands as a person runs them: child processes, their two outputs and their exit status. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./plexus.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Each line of standard output as JSON; throws when one is not. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[]
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  readonly out: () => string
}

export function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const lines = () => out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
      resolve({ code, out, err, lines })
    })
  })
  return { child, ended, out: () => out }
}

export const plexus = (...args: readonly string[]): Promise<Ended> => start(args).ended

/** Resolves once a node says that it stays up; rejects when it ends instead. */
export async function staysUp({ child, ended, out }: Running): Promise<void> {
  const early = ended.then(({ err }) => {
    throw new Error(`the node ended early: ${err}`)
  })
  early.catch(() => {})
  const up = new Promise<void>((resolve) => {
    const look = (): void => {
      if (out().includes('Ctrl-C')) resolve()
    }
    child.stdout?.on('data', look)
    look()
  })
  await Promise.race([up, early])
}

export async function ends({ child, ended }: Running): Promise<Ended> {
  child.kill('SIGTERM')
  return ended
}

/** One patient of three custodians. */
export const sample = fileURLToPath(
  new URL('../../../samples/037c9dc2-cd3b-f193-c62f-b0b9c75b1d92.json.zst', import.meta.url),
)

/** The demonstration, its story told, with that patient alone; `told` is what it says after an option. */
export async function startDemo(data: string) {
  const demo = start(['demo', '--data', data, '--input', sample, '--port', '0'])
  await staysUp(demo)
  const told = (option: string): string => new RegExp(`--${option} (\\S+)`).exec(demo.out())?.[1] ?? ''
  return { demo, told, node: ['--node', told('node')], wallet: told('wallet') }
}
