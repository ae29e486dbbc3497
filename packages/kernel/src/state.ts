/** State as bytes under ASCII keys, the overlay in which a transaction runs, and the typed views that contracts see. */
import { decode, encode } from '@plexus/codec'
import type { Collection, Collections, Draft, ReadableCollection, View, WritableCollection } from './contract.ts'

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
  const made: Record<string, ReadableCollection<unknown>> = {}
  for (const { name, prefix, schema } of layoutOf(contract)) made[name] = new Readable(prefix, schema, reader)
  return made as View<State>
}

/** The same with writes into an overlay; only `evolve` is handed one. */
export function draftOf<State extends Collections>(
  contract: { readonly name: string; readonly state: State },
  overlay: Overlay,
): Draft<State> {
  const made: Record<string, WritableCollection<unknown>> = {}
  for (const { name, prefix, schema } of layoutOf(contract)) made[name] = new Writable(prefix, schema, overlay)
  return made as Draft<State>
}

type AnySchema = Collection<unknown>['value']

interface Laid {
  readonly name: string
  readonly prefix: string
  readonly schema: AnySchema
}

/** Views are made for every transaction, and where a contract's collections lie never changes. */
const layouts = new WeakMap<Collections, { readonly contract: string; readonly laid: readonly Laid[] }>()

function layoutOf({ name: contract, state }: { readonly name: string; readonly state: Collections }): readonly Laid[] {
  const known = layouts.get(state)
  if (known?.contract === contract) return known.laid
  const laid = Object.keys(state)
    .sort()
    .map((name) => ({
      name,
      prefix: stateKey(contract, name, ''),
      schema: (state[name] as Collection<unknown>).value,
    }))
  layouts.set(state, { contract, laid })
  return laid
}

// Private at run time too: what a rule is handed leads to no writer.
class Readable implements ReadableCollection<unknown> {
  readonly #prefix: string
  readonly #schema: AnySchema
  readonly #reader: StateReader

  constructor(prefix: string, schema: AnySchema, reader: StateReader) {
    this.#prefix = prefix
    this.#schema = schema
    this.#reader = reader
  }

  get(key: string): unknown {
    const bytes = this.#reader.get(this.#prefix + key)
    return bytes && decodeOwn(this.#schema, bytes, this.#prefix)
  }

  *entries(narrower = ''): Iterable<readonly [string, unknown]> {
    for (const [key, bytes] of this.#reader.entries(this.#prefix + narrower))
      yield [key.slice(this.#prefix.length), decodeOwn(this.#schema, bytes, this.#prefix)]
  }
}

class Writable extends Readable implements WritableCollection<unknown> {
  readonly #prefix: string
  readonly #schema: AnySchema
  readonly #overlay: Overlay

  constructor(prefix: string, schema: AnySchema, overlay: Overlay) {
    super(prefix, schema, overlay)
    this.#prefix = prefix
    this.#schema = schema
    this.#overlay = overlay
  }

  set(key: string, value: unknown): void {
    if (!keyPattern.test(key)) throw new Error(`${this.#prefix}: a key is not printable ASCII of 1 to 160`)
    this.#overlay.set(this.#prefix + key, encode(this.#schema, value))
  }

  delete(key: string): void {
    this.#overlay.delete(this.#prefix + key)
  }
}

function decodeOwn(schema: AnySchema, bytes: Uint8Array, where: string): unknown {
  const decoded = decode(schema, bytes, valueBytesMax)
  if (!decoded.ok)
    throw new Error(`state under ${where} does not decode at ${decoded.reason.path}: the store is damaged`)
  return decoded.value
}
