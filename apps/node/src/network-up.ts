/** The members of one machine, a process each: started together, told of, and ended together. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./main.ts', import.meta.url))

interface Running {
  readonly member: string
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
}

/** Resolves when all have ended: with 0 if it was asked for, and each ended well. */
export async function runAll({
  data,
  members,
  port,
  snapshotEvery,
  json,
}: {
  readonly data: string
  readonly members: readonly string[]
  /** Of the first member's API; the others have those after it. */
  readonly port: number
  readonly snapshotEvery: number | undefined
  readonly json: boolean
}): Promise<number> {
  let stopping = false
  let code = 0
  const say = (facts: object, line: string): void => console.log(json ? JSON.stringify(facts) : line)
  const addresses: string[] = []
  const running = members.map((member, index) => {
    const one = runOne(data, member, port === 0 ? 0 : port + index, snapshotEvery)
    const lines = one.child.stdout && createInterface({ input: one.child.stdout })
    lines?.on('line', (line) => {
      const { address, height } = JSON.parse(line) as { readonly address: string; readonly height: number }
      addresses.push(address)
      const process = one.child.pid
      say({ step: 'up', ok: true, member, process, address, height }, `${member} is up: process ${process}, ${address}`)
      if (addresses.length === members.length)
        say(
          { step: 'all-up', ok: true, addresses },
          `All ${members.length} run. End them with Ctrl-C. Logs: ${join(data, 'MEMBER.log')}`,
        )
    })
    one.ended.then((status) => {
      if (stopping && status === 0) return
      code = 1
      const again = `plexus start --data ${data} --member ${member}${port === 0 ? '' : ` --port ${port + index}`}`
      say(
        { step: 'ended', ok: false, member, status },
        `${member} ended${status === null ? ' by a signal' : ` with status ${status}`}: its log says why. Again: ${again}`,
      )
    })
    return one
  })
  const stop = (): void => {
    stopping = true
    for (const { child } of running) child.kill('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  await Promise.all(running.map(({ ended }) => ended))
  return stopping ? code : 1
}

function runOne(data: string, member: string, port: number, snapshotEvery: number | undefined): Running {
  const log = openSync(join(data, `${member}.log`), 'a', 0o600)
  const args = ['start', '--data', data, '--member', member, '--port', String(port), '--json']
  if (snapshotEvery !== undefined) args.push('--snapshot-every', String(snapshotEvery))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    // The fourth is a line that breaks when this process dies, however it dies: the node then ends as well.
    stdio: ['ignore', 'pipe', log, 'ipc'],
    // A terminal's Ctrl-C is ours to hand on, once.
    detached: true,
  })
  closeSync(log)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (status) => resolve(status))
  })
  return { member, child, ended }
}
