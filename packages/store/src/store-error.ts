/** Why a store refuses to open or to go on. Thrown, since no rule of the exchange can act on it: an operator must. */
export type StoreErrorType =
  /** The directory holds the ledger of another chain, or a journal of another kind. */
  | 'other-content'
  /** Written by a version of this package that this one does not read. */
  | 'other-format'
  /** Torn or changed outside: nothing from it is served. */
  | 'damaged'
  /** The key that was handed in does not open what the journal holds. */
  | 'other-key'
  /** The disk is full or failing: nothing of this write remains, and what stood before stands. */
  | 'write-failed'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly type: StoreErrorType

  constructor(type: StoreErrorType, message: string, options?: ErrorOptions) {
    super(`${type}: ${message}`, options)
    this.type = type
  }
}

/** lmdb.h: numbers that LMDB answers when what it reads cannot be its own. */
const damageCodes: readonly unknown[] = [
  -30797, // MDB_PAGE_NOTFOUND
  -30796, // MDB_CORRUPTED
  -30793, // MDB_INVALID
]
/** What the system answers when bytes cannot be written; a short write arrives as EIO. */
const writeCodes: readonly unknown[] = [
  5, // EIO
  27, // EFBIG
  28, // ENOSPC
  122, // EDQUOT
  -30795, // MDB_PANIC: the meta page could not be written, and the environment must be opened again
  -30792, // MDB_MAP_FULL
]

/** The same error, or a StoreError where LMDB's number says what happened. */
export function storeErrorOf(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error
  const { code } = error as { readonly code?: unknown }
  if (damageCodes.includes(code)) return new StoreError('damaged', `${where}: a page is not readable`, { cause: error })
  if (writeCodes.includes(code))
    return new StoreError('write-failed', `${where}: the disk is full or failing`, { cause: error })
  return error
}
