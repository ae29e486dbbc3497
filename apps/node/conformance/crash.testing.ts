/** Child processes that live on a data directory until they are killed, by the test or by themselves. */
import { spawn } from 'node:child_process'

export interface ChildPlan {
  readonly data: string
  /** `hold` opens the directory and stays. `access` goes through an access, and kills itself at a durable write. */
  readonly role: 'access' | 'hold'
  /** From 1; the write before or after which the process ends. */
  readonly write?: number
  readonly side?: 'after' | 'before'
}

const childFile = new URL('crash-child.testing.ts', import.meta.url).pathname
const lineSecondsMax = 20

export function childOn(plan: ChildPlan) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', childFile, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let complained = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    complained += chunk
  })
  const ended = new Promise<{ readonly code: number | null; readonly signal: string | null; readonly said: string }>(
    (resolve) => child.on('close', (code, signal) => resolve({ code, signal, said })),
  )
  return {
    ended,
    complaints: () => complained,
    kill: () => child.kill('SIGKILL'),
    async line(wanted: string): Promise<void> {
      const end = Date.now() + lineSecondsMax * 1000
      while (!said.split('\n').includes(wanted)) {
        if (child.exitCode !== null || Date.now() > end)
          throw new Error(`the child never said ${wanted}: ${complained}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
  }
}
