/** State as bytes under ASCII keys, the overlay in which a transaction runs, and the typed views that contracts see. */
import { decode, encode } from '@plexus/codec'
import type { Collection, Collections, Draft, View, WritableCollection } from './contract.ts'

/** What the kernel asks of a store: synchronous reads, and walks in key order. */
export interface StateReader {
  get(key: string): Uint8Array | undefined
  /** Every entry whose key starts with `prefix`, in rising key order. */
  entries(prefix: string): Iterable<readonly [string, Uint8Array]>
}

/** A key of the whole state: contract, collection and the contract's own key. */
export function stateKey(contract: string, name: string, key: string): string {
  return `${contract}/${name}/${key}`
}

/** Printable ASCII without blanks: JavaScript sorts by UTF-16 unit and stores by byte, and here the two agree. */
const keyPattern = /^[\x21-\x7e]{1,160}$/

/** Values of contracts are small; this bounds what one entry can take. */
const valueBytesMax = 256 * 1024

/** Writes on top of a reader, kept apart until they are taken or dropped. */
export class Overlay implements StateReader {
  readonly changes = new Map<string, Uint8Array | null>()
  private readonly base: StateReader

  constructor(base: StateReader) {
    this.base = base
  }

  get(key: string): Uint8Array | undefined {
    const changed = this.changes.get(key)
    if (changed !== undefined) return changed ?? undefined
    return this.base.get(key)
  }

  set(key: string, value: Uint8Array): void {
    this.changes.set(key, value)
  }

  delete(key: string): void {
    this.changes.set(key, null)
  }

  *entries(prefix: string): Iterable<readonly [string, Uint8Array]> {
    const changed = [...this.changes.keys()].filter((key) => key.startsWith(prefix)).sort()
    let at = 0
    for (const [key, value] of this.base.entries(prefix)) {
      for (; at < changed.length && (changed[at] as string) < key; at++) yield* this.changedEntry(changed[at] as string)
      if (changed[at] === key) {
        yield* this.changedEntry(key)
        at++
      } else yield [key, value]
    }
    for (; at < changed.length; at++) yield* this.changedEntry(changed[at] as string)
  }

  private *changedEntry(key: string): Iterable<readonly [string, Uint8Array]> {
    const value = this.changes.get(key)
    if (value) yield [key, value]
  }

  /** Takes over what a nested overlay wrote. */
  take(nested: Overlay): void {
    for (const [key, value] of nested.changes) this.changes.set(key, value)
  }
}

/** A contract's collections over a reader: no way to write, and each value decoded afresh. */
export function viewOf<State extends Collections>(
  contract: { readonly name: string; readonly state: State },
  reader: StateReader,
): View<State> {
  return collectionsOf(contract, (name, { value: schema }) =>
    readable(contract.name, name, schema, reader),
  ) as View<State>
}

/** The same with writes into an overlay; only `evolve` is handed one. */
export function draftOf<State extends Collections>(
  contract: { readonly name: string; readonly state: State },
  overlay: Overlay,
): Draft<State> {
  return collectionsOf(
    contract,
    (name, { value: schema }): WritableCollection<unknown> => ({
      ...readable(contract.name, name, schema, overlay),
      set(key, value) {
        if (!keyPattern.test(key)) throw new Error(`${contract.name}/${name}: a key is not printable ASCII of 1 to 160`)
        overlay.set(stateKey(contract.name, name, key), encode(schema, value))
      },
      delete: (key) => overlay.delete(stateKey(contract.name, name, key)),
    }),
  ) as Draft<State>
}

function readable(contract: string, name: string, schema: Collection<unknown>['value'], reader: StateReader) {
  const prefix = stateKey(contract, name, '')
  return {
    get(key: string): unknown {
      const bytes = reader.get(prefix + key)
      return bytes && decodeOwn(schema, bytes, prefix)
    },
    *entries(narrower = ''): Iterable<readonly [string, unknown]> {
      for (const [key, bytes] of reader.entries(prefix + narrower))
        yield [key.slice(prefix.length), decodeOwn(schema, bytes, prefix)]
    },
  }
}

function decodeOwn(schema: Collection<unknown>['value'], bytes: Uint8Array, where: string): unknown {
  const decoded = decode(schema, bytes, valueBytesMax)
  if (!decoded.ok)
    throw new Error(`state under ${where} does not decode at ${decoded.reason.path}: the store is damaged`)
  return decoded.value
}

function collectionsOf<Made>(
  contract: { readonly state: Collections },
  make: (name: string, of: Collection<unknown>) => Made,
): Readonly<Record<string, Made>> {
  const made: Record<string, Made> = {}
  for (const name of Object.keys(contract.state).sort())
    made[name] = make(name, contract.state[name] as Collection<unknown>)
  return made
}
