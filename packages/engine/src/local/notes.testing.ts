/** The smallest contract that an engine can order: notes under names, and one that is already there is refused. */
import { encode, no, object, ok, text, toHex, variant } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import {
  createMachine,
  defineContract,
  foundChain,
  type Machine,
  readEnvelope,
  register,
  sealEnvelope,
} from '@plexus/kernel'

const word = text({ min: 1, max: 40 })
type Rejection = { readonly type: 'already-written' } | { readonly type: 'not-written' }
const notes = defineContract({
  name: 'notes',
  version: 1,
  state: { notes: { value: object({ sponsor: word }) } },
  transaction: variant({ write: { name: word }, wipe: { name: word } }),
  event: variant({ written: { name: word, sponsor: word }, wiped: { name: word } }),
  rules: {
    write: (state, { name }, { sponsor }) =>
      state.notes.get(name)
        ? no<Rejection>({ type: 'already-written' })
        : ok({ events: [{ type: 'written' as const, name, sponsor }] }),
    wipe: (state, { name }) =>
      state.notes.get(name)
        ? ok({ events: [{ type: 'wiped' as const, name }] })
        : no<Rejection>({ type: 'not-written' }),
  },
  rejections: {
    'already-written': { code: 1, says: 'A note of this name is there.' },
    'not-written': { code: 2, says: 'No note of this name is there.' },
  },
  evolve: {
    written: (state, { name, sponsor }) => state.notes.set(name, { sponsor }),
    wiped: (state, { name }) => state.notes.delete(name),
  },
  queries: {},
  invariants: {},
})

export const genesisTime = 1_800_000_000
export const engineSeed = new Uint8Array(32).fill(9)
export const engineKey = publicKeyOf(engineSeed)
export const memberNames = ['clinic-a', 'clinic-b', 'clinic-c', 'clinic-d'] as const
const seedOf = (member: string): Uint8Array => new Uint8Array(32).fill(20 + memberNames.indexOf(member as 'clinic-a'))
const holders = new Map(memberNames.map((member) => [toHex(publicKeyOf(seedOf(member))), member]))

export function notesMachine(name = 'notes-chain'): Machine {
  return createMachine({
    chain: foundChain({
      name,
      time: genesisTime,
      engine: { type: 'local', sequencer: engineKey },
      founding: [
        { contract: 'notes', event: encode(notes.event, { type: 'written', name: 'founded', sponsor: 'genesis' }) },
      ],
    }),
    contracts: [register(notes)],
    directory: {
      contract: 'organisations',
      quotaOf: () => ({ envelopesPerMinuteMax: 1_000_000, objectsPerMinuteMax: 1_000_000 }),
      versionsAt: () => new Map([['notes', 1]]),
      holderOf(_state, key) {
        const holder = holders.get(key)
        return holder ? { holder, scopes: ['sponsor'] } : undefined
      },
      isActive: (_state, member) => memberNames.includes(member as 'clinic-a'),
    },
  })
}

let nonces = 0

/** An envelope of `member`; valid until `validSeconds` after `now`. */
export function note(
  machine: Machine,
  member: string,
  transaction: { readonly type: 'write' | 'wipe'; readonly name: string },
  now: number,
  validSeconds = 60,
): Uint8Array {
  const nonce = new Uint8Array(16)
  new DataView(nonce.buffer).setUint32(0, ++nonces)
  return sealEnvelope(
    {
      chain: machine.chain.id,
      sponsor: member,
      nonce,
      validUntil: Math.floor(now) + validSeconds,
      contract: 'notes',
      transaction: encode(notes.transaction, transaction),
    },
    [seedOf(member)],
  )
}

/** The last second at which the envelope is valid. */
export function endOf(envelope: Uint8Array): number {
  const read = readEnvelope(envelope)
  if (!read.ok) throw new Error('an own envelope is readable')
  return read.value.body.validUntil
}

export function idOf(envelope: Uint8Array): Uint8Array {
  const read = readEnvelope(envelope)
  if (!read.ok) throw new Error('an own envelope is readable')
  return read.value.id
}
