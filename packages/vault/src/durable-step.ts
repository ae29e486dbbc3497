/**
 * Runs one durable write of the vault under a name, so that a test or the simulator can cut the power before or after it.
 * The product hands in `durableStep`, which only runs it.
 */
export type DurableStep = <Value>(name: DurableStepName, write: () => Value) => Value

export type DurableStepName =
  | 'blob-write'
  | 'blob-rename'
  | 'blob-folder-sync'
  | 'keys-commit'
  | 'keys-copy'
  | 'keys-rename'
  | 'keys-folder-sync'
  | 'keys-overwrite-old'
  | 'keys-remove-old'

export const durableStep: DurableStep = (_name, write) => write()
