/** The sockets between a node of the suite and its engine: Unix sockets, and HTTP over them. */
import { request } from 'node:http'
import { createServer } from 'node:net'
import type { EngineSockets } from '@plexus/engine'

export const sockets: EngineSockets = {
  listen: (file, accept) =>
    new Promise((resolve, reject) => {
      const server = createServer(accept)
      server.on('error', reject)
      server.listen(file, () => resolve(() => new Promise((closed) => server.close(() => closed()))))
    }),
  post: (file, body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const asked = request({ socketPath: file, path: '/', method: 'POST', headers })
      asked.on('response', (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () =>
          answer.statusCode === 200
            ? resolve(new Uint8Array(Buffer.concat(parts)))
            : reject(new Error(`the engine answered with status ${answer.statusCode}`)),
        )
      })
      asked.on('error', reject)
      asked.end(body)
    }),
}

/** Ports of the loopback that nothing listens on now, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.on('error', reject)
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            if (typeof address === 'object' && address) resolve(address.port)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}
