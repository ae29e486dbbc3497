/** Envelopes to submit, and the ways of programs to the doors: with the node's own client, and without it. */
import { encode } from '@plexus/codec'
import { notary } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import { sealEnvelope } from '@plexus/kernel'
import { bearerProtocol, type StreamPort, type SubmitPort } from '@plexus/sdk'
import type { World } from './world.testing.ts'

/** An envelope of the member that opens one fresh handle. */
export function openingEnvelope({ network }: World, member: string, validSeconds = 300): Uint8Array {
  return sealEnvelope(
    {
      chain: network.chain.id,
      sponsor: member,
      nonce: systemRandom(16),
      validUntil: Math.floor(Date.now() / 1000) + validSeconds,
      contract: notary.name,
      transaction: encode(notary.transaction, { type: 'open-handles', handles: [systemRandom(32)] }),
    },
    [network.node(member).seed],
  )
}

/** What a program in a browser or in Node hands to the client: `fetch` and `WebSocket`, and how it waits. */
export function portTo(base: string, token: string, pauses: number[] = []): SubmitPort & StreamPort {
  return {
    async post(path, type, body) {
      const response = await fetch(base + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body: new Uint8Array(body),
      })
      const text = await response.text()
      return { status: response.status, retryAfter: response.headers.get('retry-after'), text }
    },
    connect(path, protocol, { message, closed }) {
      const socket = new WebSocket(base.replace(/^http/, 'ws') + path, [protocol, bearerProtocol(token)])
      socket.addEventListener('message', ({ data }) => message(String(data)))
      socket.addEventListener('close', closed)
      return { send: (bytes) => socket.send(new Uint8Array(bytes)), close: () => socket.close() }
    },
    async pause(seconds) {
      pauses.push(seconds)
      await new Promise((resolve) => setTimeout(resolve, Math.min(seconds * 10, 50)))
    },
  }
}
