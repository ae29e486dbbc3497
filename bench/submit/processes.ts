/** Servers that a suite starts and ends: on ports of the loopback that are free, with folders that go with them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Until a server answers for the first time. */
const startSecondsMax = 30
const askAgainMilliseconds = 50

/** What others tell a server apart by; a contender has one of each that it can do. */
export interface Contender {
  readonly name: string
  /** Makes ready, outside of what is measured, and gives what is measured: it resolves when all of it is durable. */
  prepare(count: number): Promise<Prepared>
}

/** Connections are opened for each run anew: a server may close one that was idle for as long as others ran. */
export interface Prepared {
  run(): Promise<void>
  close(): void
}

export interface Peer {
  readonly name: string
  readonly single: Contender
  readonly batch: Contender
  stop(): Promise<void>
}

/** The program's path, from the environment's path or from further folders. */
export function programNamed(name: string, folders: readonly string[] = []): string | undefined {
  const all = [...(process.env['PATH'] ?? '').split(delimiter), ...folders]
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

export interface Running {
  readonly child: ChildProcess
  stop(signal: NodeJS.Signals): Promise<void>
}

/** Starts a server and waits until `answers` resolves; what it says goes nowhere. */
export async function startServer(
  program: string,
  parameters: readonly string[],
  options: { readonly uid?: number; readonly gid?: number; readonly cwd?: string },
  answers: () => Promise<void>,
): Promise<Running> {
  const child = spawn(program, [...parameters], { ...options, stdio: 'ignore' })
  let failure: string | undefined
  child.on('error', (error) => {
    failure = error.message
  })
  const running: Running = {
    child,
    async stop(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
  const end = performance.now() + startSecondsMax * 1000
  for (;;) {
    try {
      await answers()
      return running
    } catch (error) {
      if (child.exitCode !== null) failure = `it ended with ${child.exitCode}`
      if (failure === undefined && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, askAgainMilliseconds))
        continue
      }
      await running.stop('SIGKILL')
      throw new Error(`${program} does not answer: ${failure ?? 'it took too long'}`, { cause: error })
    }
  }
}

/** Pieces of work over so many lines, each line one at a time. */
export function overLines<Line extends { close(): void }, Work>(
  lines: readonly Line[],
  work: readonly Work[],
  one: (line: Line, work: Work) => Promise<void>,
): Prepared {
  let next = 0
  return {
    async run() {
      await Promise.all(
        lines.map(async (line) => {
          for (let at = next++; at < work.length; at = next++) await one(line, work[at] as Work)
        }),
      )
    },
    close() {
      for (const line of lines) line.close()
    },
  }
}
