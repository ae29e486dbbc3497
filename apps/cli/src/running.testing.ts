/** Commands as a person runs them: child processes, their two outputs and their exit status. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Each line of standard output as JSON; throws when one is not. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[]
}

export function start(args: readonly string[]): {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  out(): string
} {
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
