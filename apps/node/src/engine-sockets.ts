/** Unix sockets between a node and the engine beside it. */
import { request } from 'node:http'
import { createServer } from 'node:net'
import type { EngineSockets } from '@plexus/engine'

/** The engine answers from memory; whoever takes longer is asked again. */
const answerMilliseconds = 10_000
/** Answers are some hundred bytes for each envelope that was sent, and fifty go together. */
const answerBytesMax = 4 * 1024 * 1024

export const engineSockets: EngineSockets = {
  listen: (file, accept) =>
    new Promise((resolve, reject) => {
      const server = createServer(accept)
      server.once('error', reject)
      server.listen(file, () => resolve(() => new Promise((closed) => server.close(() => closed()))))
    }),
  post: (file, body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const asked = request({ socketPath: file, path: '/', method: 'POST', headers, timeout: answerMilliseconds })
      asked.on('timeout', () => asked.destroy(new Error('the engine does not answer')))
      asked.on('error', reject)
      asked.on('response', (answer) => {
        const parts: Buffer[] = []
        let length = 0
        answer.on('data', (part: Buffer) => {
          length += part.length
          if (length > answerBytesMax) answer.destroy(new Error('the engine’s answer is too long'))
          else parts.push(part)
        })
        answer.on('error', reject)
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(new Uint8Array(Buffer.concat(parts)))
          else reject(new Error(`the engine answers with status ${answer.statusCode}`))
        })
      })
      asked.end(body)
    }),
}
