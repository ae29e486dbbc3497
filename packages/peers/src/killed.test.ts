/** Two processes, and one of them is killed. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Ledger, note } from './ledger.testing.ts'

const program = fileURLToPath(new URL('node-child.testing.ts', import.meta.url))

test('a node that is killed and started again gets what its sender still holds, over a new connection', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder', { timing: { retryMax: 100 } })
  const seed = ledger.key('birch')
  const heard: string[] = []

  async function startBirch(port: number): Promise<{ readonly child: ChildProcess; readonly port: number }> {
    const parameters = {
      member: 'birch',
      seed: Buffer.from(seed).toString('hex'),
      port,
      keys: Object.fromEntries(ledger.keys),
    }
    const child = fork(program, [JSON.stringify(parameters)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return new Promise((resolve) => {
      let rest = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines)
          if (/^\d+$/.test(line)) resolve({ child, port: Number(line) })
          else heard.push(line)
      })
    })
  }

  const first = await startBirch(0)
  ledger.addresses.set('birch', `plexus://127.0.0.1:${first.port}`)
  alder.peers.send('birch', note('one'))
  await alder.until(() => alder.sent('delivered') === 1)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await alder.until(() => alder.events.some(({ type }) => type === 'disconnected'))

  const second = await startBirch(first.port)
  expect(second.port).toBe(first.port)
  alder.peers.send('birch', note('two'))
  await alder.until(() => alder.sent('delivered') === 2)
  await expect.poll(() => heard).toEqual(['alder one', 'alder two'])
}, 60_000)
