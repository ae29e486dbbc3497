/** One thread of the verifier pool: packed envelopes in, a byte for each out. It knows no state, and keeps none. */
import { parentPort } from 'node:worker_threads'
import { readEnvelope, signaturesHold } from '@plexus/kernel'

parentPort?.on('message', (packed: Uint8Array) => {
  const bits: number[] = []
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let at = 0; at < packed.length; ) {
    const length = view.getUint32(at)
    const read = readEnvelope(packed.subarray(at + 4, at + 4 + length))
    bits.push(read.ok && signaturesHold(read.value) ? 1 : 0)
    at += 4 + length
  }
  parentPort?.postMessage(Uint8Array.from(bits))
})
