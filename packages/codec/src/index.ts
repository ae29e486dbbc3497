export * from './bytes.ts'
export type { Malformed } from './cbor.ts'
export * from './result.ts'
export * from './schema.ts'
