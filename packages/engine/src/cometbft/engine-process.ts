/** The engine's process: started, listened to for its last words, and ended. */
import { type ChildProcess, spawn } from 'node:child_process'
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
  let lastWords = ''
  let gone = false
  const ended = Promise.withResolvers<void>()

  function finish(code: number | null, signal: string | null): void {
    if (gone) return
    gone = true
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
