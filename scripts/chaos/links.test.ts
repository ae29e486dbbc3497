/** The roads are a part of the measure: they lose and delay what they are told to, and nothing else. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Links } from './links.ts'

/** Says back whatever it hears, and remembers who called. */
async function echo(): Promise<{ readonly port: number; readonly callers: readonly Socket[] }> {
  const callers: Socket[] = []
  const server: Server = createServer((caller) => {
    callers.push(caller)
    caller.on('error', () => {})
    caller.pipe(caller)
  })
  onTestFinished(() => {
    for (const caller of callers) caller.destroy()
    server.close()
  })
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve({ port: address.port, callers })
    }),
  )
}

async function road() {
  const { port, callers } = await echo()
  const ends = ['one', 'other', 'third'].map((member) => ({ member, nodeId: `${member}-id`, port }))
  const links = await Links.open(ends)
  onTestFinished(() => links.close())
  const [peer = ''] = links.peersOf('one')
  expect(peer).toMatch(/^other-id@127\.0\.0\.1:\d+$/)
  const heard: string[] = []
  let wake = (): void => {}
  const caller = connect(Number(peer.split(':')[1]), '127.0.0.1')
  caller.setEncoding('utf8').on('data', (text: string) => {
    heard.push(text)
    wake()
  })
  onTestFinished(() => void caller.destroy())
  /** Until all of it came back. */
  const hears = async (all: string): Promise<void> => {
    while (heard.join('') !== all) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { links, caller, callers, heard, hears }
}

test('what is said comes back, whole and in order', async () => {
  const { caller, hears } = await road()
  const many = Array.from({ length: 2_000 }, (_, index) => `word ${index} `)
  for (const each of many) caller.write(each)
  await hears(many.join(''))
})

test('through a cut road nothing comes, not even the end; mended, what waited comes first', async () => {
  const { links, caller, callers, heard, hears } = await road()
  caller.write('before ')
  await hears('before ')
  links.cut([['other', 'one']])
  caller.write('during ')
  // A road that nobody cut is a clock here: the same way through the same machine.
  const [, beside = ''] = links.peersOf('one')
  const clock = connect(Number(beside.split(':')[1]), '127.0.0.1')
  onTestFinished(() => void clock.destroy())
  clock.write('tick')
  await new Promise((resolve) => clock.once('data', resolve))
  expect(heard.join('')).toBe('before ')
  const [called] = callers
  called?.destroy()
  expect(caller.destroyed).toBe(false)
  links.mend()
  await new Promise((resolve) => caller.once('close', resolve))
})

test('a slow road keeps the order, and takes its time each way', async () => {
  const { links, caller, hears } = await road()
  caller.write('a')
  await hears('a')
  links.slow([['one', 'other']], 30)
  const from = performance.now()
  caller.write('b')
  caller.write('c')
  await hears('abc')
  expect(performance.now() - from).toBeGreaterThanOrEqual(60)
})
