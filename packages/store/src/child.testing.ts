/** Real processes for tests that kill them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface Child {
  /** Every line so far, in order. */
  readonly lines: readonly string[]
  /** Resolves once the child has said so many lines, or has ended. */
  said(lines: number): Promise<void>
  /** SIGKILL, and waits for the end and for all that was said before it. */
  kill(): Promise<void>
  ended: Promise<void>
}

/** Runs a file of this folder with its arguments; `shell` may set limits before it starts. */
export function startChild(file: string, args: readonly string[], limits = ''): Child {
  const program = new URL(file, import.meta.url).pathname
  const child: ChildProcess = limits
    ? spawn('sh', ['-c', `${limits}; exec "$0" "$@"`, process.execPath, program, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    : spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  reader.on('line', (line) => {
    lines.push(line)
    for (const check of waiting) check()
  })
  const ended = new Promise<void>((resolve) => {
    let open = 2
    const one = () => {
      open -= 1
      if (open === 0) resolve()
    }
    child.on('exit', one)
    reader.on('close', one)
  })
  return {
    lines,
    ended,
    said: (count) =>
      Promise.race([
        ended,
        new Promise<void>((resolve) => {
          const check = () => {
            if (lines.length >= count) {
              waiting.delete(check)
              resolve()
            }
          }
          waiting.add(check)
          check()
        }),
      ]),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'plexus-store-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
