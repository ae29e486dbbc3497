/** The answer of anything that may be refused: a value, or the reason as facts. A refusal is a value; a bug is a throw. */
export type Result<Value, Reason> = Accepted<Value> | Refused<Reason>

export interface Accepted<Value> {
  readonly ok: true
  readonly value: Value
}

export interface Refused<Reason> {
  readonly ok: false
  readonly reason: Reason
}

export function ok(): Accepted<void>
export function ok<Value>(value: Value): Accepted<Value>
export function ok<Value>(value?: Value): Accepted<Value | undefined> {
  return { ok: true, value }
}

export function no<Reason>(reason: Reason): Refused<Reason> {
  return { ok: false, reason }
}
