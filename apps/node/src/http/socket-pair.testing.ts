/** Two ends of a real WebSocket on the loopback: one that a door serves, one that a test plays. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'

export interface SocketPair {
  readonly served: WebSocket
  readonly client: WebSocket
  /** Text frames that the client read. */
  readonly texts: readonly string[]
  readonly close: () => Promise<void>
}

/** `serve` is called before anything can come in. `stalled`: the client does not read, from the beginning. */
export async function socketPair(serve: (socket: WebSocket) => void, stalled = false): Promise<SocketPair> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const opened = new Promise<WebSocket>((resolve) =>
    server.on('connection', (socket) => {
      serve(socket)
      resolve(socket)
    }),
  )
  const { port } = server.address() as AddressInfo
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
  const texts: string[] = []
  client.on('message', (data) => texts.push(String(data)))
  client.once('open', () => {
    if (stalled) client.pause()
  })
  const [served] = await Promise.all([opened, once(client, 'open')])
  return {
    served,
    client,
    texts,
    async close() {
      client.terminate()
      served.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const turnsMax = 200_000

/** Lets the process go on, turn by turn, until it is so; looks in each turn. */
export async function untilTurn(ready: () => boolean, look: () => void = () => {}): Promise<void> {
  for (let turns = 0; !ready(); turns++) {
    if (turns > turnsMax) throw new Error(`not so after ${turnsMax} turns`)
    look()
    await turn()
  }
}

/** So many turns more, in which what is under way on the loopback arrives. */
export async function turns(count: number, look: () => void): Promise<void> {
  for (let each = 0; each < count; each++) {
    look()
    await turn()
  }
}
