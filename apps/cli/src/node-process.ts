/** Starts the node's own program with this very Node, hands signals on, and ends as it ends. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../node/src/main.ts', import.meta.url))

/** The child's exit status; 128 and the number of the signal when a signal ended it, as shells say it. */
export function runNode(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
      // The fourth is a line that breaks when this process dies, however it dies: the node then ends as well.
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    })
    const hand = (signal: NodeJS.Signals): void => {
      // A terminal sends Ctrl-C to both of us: the child has it already, and twice would end it in the middle.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    for (const signal of signals) process.on(signal, hand)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      for (const each of signals) process.off(each, hand)
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
}
