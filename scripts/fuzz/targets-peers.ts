/** Doors between nodes: an address from the ledger, the status of another node, its answer to a note. */
import { toHex } from '@plexus/codec'
import { reach } from './reach.ts'
import { accepted, acceptedAs, refused } from './subject.ts'
import type { Target } from './target.ts'

const peers = 'packages/peers/src'
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

export const peerTargets: readonly Target[] = [
  {
    name: 'peers/address',
    reads: 'the address of a member, from the ledger: one way to write each',
    covers: [`${peers}/address.ts#readAddress`],
    async load() {
      const { readAddress, writeAddress } = await import('@plexus/peers')
      return {
        shape: 'text',
        seeds: [
          'local:',
          'plexus://hospital-1.example:7443',
          'plexus://[2001:db8::1]:1',
          'plexus://10.0.0.1:65535',
        ].map(bytesOf),
        run(bytes) {
          const text = Buffer.from(bytes).toString('utf8')
          const read = readAddress(text)
          if (!read.ok) return refused(read.reason.type)
          return writeAddress(read.value) === text ? accepted : acceptedAs(bytesOf(writeAddress(read.value)))
        },
      }
    },
  },
  {
    name: 'peers/status',
    reads: 'what another node tells of itself',
    covers: [`${peers}/status.ts#readStatus`],
    async load() {
      const { readStatus } = await import('@plexus/peers')
      const writeStatus = await reach<(status: object) => Uint8Array>(`${peers}/status.ts`, 'writeStatus')
      const status = { member: 'hospital-1', height: 9, blockTime: 10, clock: 11, version: '0.1.0' }
      return {
        shape: 'cbor',
        seeds: [writeStatus({ ...status, chain: new Uint8Array(32) })],
        run(bytes) {
          const read = readStatus(bytes)
          return read.ok ? acceptedAs(writeStatus(read.value)) : refused(read.reason.type)
        },
      }
    },
  },
  {
    name: 'peers/answer',
    reads: 'the answer of another node to a note: status and wait, whatever it sends',
    covers: [`${peers}/note-sending.ts#readAnswer`],
    async load() {
      type Answer = { readonly type: string; readonly seconds?: number }
      const readAnswer = await reach<(headers: object) => Answer>(`${peers}/note-sending.ts`, 'readAnswer')
      return {
        shape: 'text',
        seeds: ['202 ', '429 7', '503 0', '422 ', '500 99999999999', '429 Sat, 21 Nov 2026'].map(bytesOf),
        run(bytes) {
          const [status = '', ...wait] = Buffer.from(bytes).toString('latin1').split(' ')
          const answer = readAnswer({ ':status': status, 'retry-after': wait.join(' ') })
          const { seconds = 1 } = answer
          if (!(seconds >= 1 && seconds <= 60)) throw new RangeError(`a wait of ${seconds} from ${toHex(bytes)}`)
          return answer.type === 'accepted' ? accepted : refused(answer.type)
        },
      }
    },
  },
]
