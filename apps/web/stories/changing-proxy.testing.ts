/** A way between browser and node that changes what it carries, or carries nothing: what a page must not believe. */
import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ChangingProxy {
  /** The same link, by way of the proxy. */
  readonly link: string
  /** What becomes of the bytes of a path. */
  readonly changes: Map<string, (bytes: Buffer) => Buffer>
  /** While it is down, whoever comes is cut off. */
  down: boolean
  readonly end: () => Promise<void>
}

export async function changingProxy(link: string): Promise<ChangingProxy> {
  const target = new URL(link)
  const changes: ChangingProxy['changes'] = new Map()
  const server = createServer((came, answer) => {
    if (proxy.down) {
      came.socket.destroy()
      return
    }
    const change = changes.get(new URL(came.url ?? '/', link).pathname)
    // What is changed is changed as it is meant, not as it is packed.
    const headers = change ? { ...came.headers, 'accept-encoding': 'identity', 'if-none-match': '' } : came.headers
    const sent = ask(
      { host: '127.0.0.1', port: target.port, method: came.method, path: came.url, headers },
      (response) => {
        if (!change) {
          answer.writeHead(response.statusCode ?? 502, response.headers)
          response.pipe(answer)
          return
        }
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => {
          const bytes = change(Buffer.concat(parts))
          answer.writeHead(200, { ...response.headers, 'content-length': bytes.length })
          answer.end(bytes)
        })
      },
    )
    sent.on('error', () => came.socket.destroy())
    came.pipe(sent)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = new URL(link)
  address.port = String((server.address() as AddressInfo).port)
  const proxy = {
    link: address.href,
    changes,
    down: false,
    async end() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
