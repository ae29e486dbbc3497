/**
 * The shape of a contract: rules read and answer, `evolve` is the only writer. Whatever changed, there is an event that
 * says so, and nothing else could have changed it.
 */
import type { Result, Schema } from '@plexus/codec'
import type { Misbehaviour } from './blocks.ts'

export interface Variant {
  readonly type: string
}

/** The member of a union that has this `type`. */
export type Member<Union extends Variant, Type> = Extract<Union, { readonly type: Type }>

/** A typed map under the state root. Keys are ASCII texts, so that every language sorts them alike. */
export interface Collection<Value> {
  readonly value: Schema<Value>
}

export function collection<Value>(value: Schema<Value>): Collection<Value> {
  return { value }
}

export type Collections = Readonly<Record<string, Collection<unknown>>>

/** Reads of one collection; each value is decoded afresh, so that nothing handed out can reach the state. */
export interface ReadableCollection<Value> {
  get(key: string): Value | undefined
  /** In key order; `prefix` narrows the walk. */
  entries(prefix?: string): Iterable<readonly [string, Value]>
}

export interface WritableCollection<Value> extends ReadableCollection<Value> {
  set(key: string, value: Value): void
  delete(key: string): void
}

type ValueOf<Of> = Of extends Collection<infer Value> ? Value : never

export type View<State> = { readonly [Name in keyof State]: ReadableCollection<ValueOf<State[Name]>> }
export type Draft<State> = { readonly [Name in keyof State]: WritableCollection<ValueOf<State[Name]>> }

/** A key whose signature over the envelope was verified, and what the directory of keys says of it. */
export interface Signer {
  /** The public key, in hexadecimal. */
  readonly key: string
  /** SHA-256 of the public key, in hexadecimal: the handle that this key may move. */
  readonly handle: string
  /** The organisation that holds the key, or null: a one-time key belongs to nobody that the ledger knows. */
  readonly holder: string | null
  readonly scopes: readonly string[]
}

/** All that a rule may know besides the state and the transaction. */
export interface Context {
  readonly height: number
  /** Seconds since 1970, from the block header: the same on every replica. */
  readonly time: number
  /** The member whose envelope carried the transaction, and whose quota it used. */
  readonly sponsor: string
  /** All verified signatures of the envelope, in byte order of the keys; unchanged in calls. */
  readonly signers: readonly Signer[]
  /** The contract that calls, or null for a transaction of its own envelope. */
  readonly caller: string | null
}

/** A transaction that another contract must accept, or all of this is refused. */
export interface Call {
  readonly contract: string
  readonly transaction: Variant
}

export interface Decision<Event> {
  readonly events: readonly Event[]
  readonly calls?: readonly Call[]
}

/** Every rule there is, one per transaction. A rule reads, and answers; it cannot write. */
export type Rules<State, Tx extends Variant, Event, Rejection> = {
  readonly [Type in Tx['type']]: (
    state: View<State>,
    transaction: Member<Tx, Type>,
    context: Context,
  ) => Result<Decision<Event>, Rejection>
}

/** Why a transaction can be refused, first reason first. Codes are on the wire: never renumbered. */
export type Rejections<Rejection extends Variant> = {
  readonly [Type in Rejection['type']]: { readonly code: number; readonly says: string }
}

/** What each event changes. The only code that writes, and it may not refuse. */
export type Evolve<State, Event extends Variant> = {
  readonly [Type in Event['type']]: (state: Draft<State>, event: Member<Event, Type>) => void
}

/** Claims, in words, that hold after every transaction: about the state, or about the step from `before`. */
export type Invariants<State> = Readonly<
  Record<string, (state: View<State>, before: View<State>, context: Context) => boolean>
>

/** From the collections of the version before to those of a new one: both are drafts on the same state. */
export interface Migration {
  readonly from: Collections
  run(before: unknown, after: unknown): void
}

/**
 * Types a migration: `before` reads and deletes by the schemas of the version before, `after` writes by those of the new
 * one. It may not refuse, and walks in key order, so that every replica comes to the same state.
 */
export function migration<From extends Collections, To extends Collections>({
  from,
  run,
}: {
  readonly from: From
  readonly to: To
  readonly run: (before: Draft<From>, after: Draft<To>) => void
}): Migration {
  return { from, run: (before, after) => run(before as Draft<From>, after as Draft<To>) }
}

/** A contract is a value: what it remembers, what it can be asked, and pure functions over both. */
export interface Contract<
  Name extends string,
  State extends Collections,
  Tx extends Variant,
  Event extends Variant,
  Rejection extends Variant,
  Queries,
> {
  readonly name: Name
  readonly version: number
  readonly state: State
  /** The only door in; unknown fields are refused. */
  readonly transaction: Schema<Tx>
  /** What the feed carries and what an auditor replays. */
  readonly event: Schema<Event>
  readonly rules: Rules<State, Tx, Event, Rejection>
  readonly rejections: Rejections<Rejection>
  readonly evolve: Evolve<State, Event>
  readonly queries: Queries
  readonly invariants: Invariants<State>
  /**
   * What follows when the engine proved misbehaviour: before the envelopes of the block that says so, and never refused.
   * Without it, nothing.
   */
  readonly misbehaved?: (
    state: View<State>,
    misbehaviour: Misbehaviour,
    at: Pick<Context, 'height' | 'time'>,
  ) => readonly Event[]
  /** How many objects that stay a transaction adds to the state: they count towards its sponsor's quota. Without it, none. */
  readonly objects?: (transaction: Tx) => number
  /** What this version does to the state of the one before it, once, at the height at which it takes over. */
  readonly migration?: Migration
}

/** Types a contract in one place; the value is what was given. */
export function defineContract<
  const Name extends string,
  State extends Collections,
  Tx extends Variant,
  Event extends Variant,
  Rejection extends Variant,
  Queries,
>(
  contract: Contract<Name, State, Tx, Event, Rejection, Queries>,
): Contract<Name, State, Tx, Event, Rejection, Queries> {
  return contract
}

/** Asks another contract for a transaction, in the same overlay and after the caller's own events. */
export function call<Tx extends Variant>(
  contract: { readonly name: string; readonly transaction: Schema<Tx> },
  transaction: Tx,
): Call {
  return { contract: contract.name, transaction }
}

/** A contract as the kernel runs it: the types of one contract are known only inside its own folder. */
export interface RegisteredContract {
  readonly name: string
  readonly version: number
  readonly state: Collections
  readonly transaction: Schema<Variant>
  readonly event: Schema<Variant>
  readonly rules: Readonly<
    Record<string, (state: unknown, transaction: Variant, context: Context) => Result<Decision<Variant>, Variant>>
  >
  readonly rejections: Readonly<Record<string, { readonly code: number; readonly says: string }>>
  readonly evolve: Readonly<Record<string, (state: unknown, event: Variant) => void>>
  readonly invariants: Readonly<Record<string, (state: unknown, before: unknown, context: Context) => boolean>>
  readonly misbehaved?: (
    state: unknown,
    misbehaviour: Misbehaviour,
    at: Pick<Context, 'height' | 'time'>,
  ) => readonly Variant[]
  readonly objects?: (transaction: Variant) => number
  readonly migration?: Migration
}

/** Forgets a contract's own types, which only the kernel may do: it hands each contract back what that contract made. */
export function register<
  Name extends string,
  State extends Collections,
  Tx extends Variant,
  Event extends Variant,
  Rejection extends Variant,
  Queries,
>(contract: Contract<Name, State, Tx, Event, Rejection, Queries>): RegisteredContract {
  return contract as unknown as RegisteredContract
}
