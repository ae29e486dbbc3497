/** The engine's process: started, listened to for its last words, and ended. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Schedule } from '../local/ports.ts'

export interface EngineProcess {
  readonly id: number | undefined
  /** Asks it to end, and ends it when it does not. Resolves when it is gone. */
  stop(): Promise<void>
}

export interface EngineExit {
  readonly code: number | null
  readonly signal: string | null
  /** The end of what it said. */
  readonly lastWords: string
}

/** Its databases are closed in less; afterwards a restart replays, and nothing is lost. */
const stopMillisecondsMax = 10_000
/** A panic says its reason in the first lines, and where in the last. */
const lastWordsMax = 8 * 1024

export function startEngineProcess({
  program,
  directory,
  schedule,
  environment = {},
  onExit,
}: {
  readonly program: string
  readonly directory: string
  readonly schedule: Schedule
  /** For tests: at which of its fail points it ends. */
  readonly environment?: Readonly<Record<string, string>>
  readonly onExit: (exit: EngineExit) => void
}): EngineProcess {
  const child: ChildProcess = spawn(program, ['start', '--home', directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment },
  })
  if (child.pid !== undefined) writeFileSync(pidFile(directory), `${child.pid}\n`)
  let lastWords = ''
  let gone = false
  const ended = Promise.withResolvers<void>()

  function finish(code: number | null, signal: string | null): void {
    if (gone) return
    gone = true
    rmSync(pidFile(directory), { force: true })
    ended.resolve()
    onExit({ code, signal, lastWords })
  }

  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-lastWordsMax)
    })
  // It never ran: there is no such program, or it may not be started.
  child.on('error', (error) => {
    lastWords = error.message
    if (child.pid === undefined) finish(null, null)
  })
  child.on('close', finish)

  return {
    id: child.pid,
    async stop() {
      if (gone) return
      child.kill('SIGTERM')
      const cancel = schedule(() => child.kill('SIGKILL'), stopMillisecondsMax)
      await ended.promise
      cancel()
    },
  }
}

const pidFile = (directory: string): string => join(directory, 'engine.pid')

/**
 * Ends the engine that a node left behind when it was killed, and answers whether there was one. It would wait for our
 * socket for ever, and hold the lock of its directory. Only a process that was started on just this directory is ended:
 * its number may belong to another by now.
 */
export function endLeftEngine(directory: string): boolean {
  const file = pidFile(directory)
  if (!existsSync(file)) return false
  const id = Number(readFileSync(file, 'utf8'))
  rmSync(file, { force: true })
  if (!Number.isSafeInteger(id) || id <= 1 || !commandOf(id).endsWith(` --home ${directory}`)) return false
  try {
    process.kill(id, 'SIGKILL')
    return true
  } catch {
    // It ended by itself meanwhile.
    return false
  }
}

/** The program and its parameters with blanks between them; empty when there is no such process. */
function commandOf(id: number): string {
  const file = `/proc/${id}/cmdline`
  if (existsSync('/proc/self/cmdline')) return existsSync(file) ? wordsIn(readFileSync(file, 'utf8')) : ''
  return spawnSync('ps', ['-o', 'args=', '-p', String(id)], { encoding: 'utf8' }).stdout?.trim() ?? ''
}

const wordsIn = (line: string): string => line.split('\0').filter(Boolean).join(' ')
