/** The process of the members, from the side of whoever asks it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Opened, Question, Told } from './members.ts'

export interface Members {
  readonly opened: Opened
  ask(question: Question): Promise<Told>
  /** Ends the process, and removes what it wrote; throws when it had ended before, as one does whose heap is full. */
  stop(): Promise<void>
}

export async function startMembers({
  heapMebibytesMax,
  patientsPerMember,
}: {
  readonly heapMebibytesMax: number
  readonly patientsPerMember: number
}): Promise<Members> {
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const child = fork(new URL('./members.ts', import.meta.url), [data, `${patientsPerMember}`], {
    execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${heapMebibytesMax}`],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const said = async (): Promise<unknown> => {
    const [message] = (await Promise.race([
      once(child, 'message'),
      ended.then(() => {
        throw new Error('the members ended in the middle')
      }),
    ])) as [unknown]
    return message
  }
  const opened = (await said()) as Opened
  let last: Promise<unknown> = Promise.resolve()
  return {
    opened,
    // One question at a time: answers carry no name.
    ask(question) {
      const told = last.then(() => {
        child.send(question)
        return said() as Promise<Told>
      })
      last = told.catch(() => {})
      return told
    },
    async stop() {
      if (child.connected) child.disconnect()
      const [status] = await ended
      rmSync(data, { recursive: true, force: true })
      if (status !== 0) throw new Error(`the members ended with ${status}`)
    },
  }
}
