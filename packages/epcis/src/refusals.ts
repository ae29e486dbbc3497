/** Why something of a trading partner was not taken. */
export type EpcisRefusalType =
  /** More bytes, events, levels or text than the door takes. */
  | 'too-large'
  | 'not-json'
  | 'not-xml'
  /** Readable, but of an edition that this door does not speak, such as EPCIS 1.2. */
  | 'unsupported-version'
  /** Something that must be there is not. */
  | 'missing'
  /** A member that its place does not have. */
  | 'unknown-member'
  | 'wrong-type'
  | 'wrong-value'
  /** The same value twice where each may stand once. */
  | 'repeated'
  /** Each member is right by itself, but not together. */
  | 'contradiction'

/**
 * One refusal, with its place: `path` is a JSON Pointer (RFC 6901) of names that the standard gives and of positions; a
 * place inside an extension is that of whatever holds the extension. `expected` speaks of shapes. Neither repeats what the
 * document says.
 */
export interface EpcisRefusal {
  readonly type: EpcisRefusalType
  readonly path: string
  readonly expected: string
}

/** The same refusal, seen from one level further out. */
export function within(step: string | number, refusal: EpcisRefusal): EpcisRefusal {
  return { ...refusal, path: `/${step}${refusal.path}` }
}
