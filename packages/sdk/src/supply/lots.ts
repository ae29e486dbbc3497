/** What a maker says of a lot, under its own signature. The ledger keeps a hiding commitment to it; it travels with the goods. */
import {
  bytes,
  concatBytes,
  decode,
  encode,
  equalBytes,
  type Infer,
  no,
  object,
  ok,
  type Result,
  text,
  uint,
} from '@plexus/codec'
import type { Lot } from '@plexus/contracts'
import { leafOf, type RandomBytes, sign, signedBytes, statementHash, verify } from '@plexus/crypto'

const hash = bytes({ length: 32 })

export const lotContent = object({
  /** Binds the statement to the lot's anchor. */
  handle: hash,
  maker: text({ min: 2, max: 40, pattern: /^[a-z0-9-]+$/, says: 'an organisation id' }),
  gtin: text({ min: 14, max: 14, pattern: /^[0-9]{14}$/, says: 'a GTIN of 14 digits' }),
  lot: text({ min: 1, max: 20, pattern: /^[!"%-?A-Z_a-z]+$/, says: 'a lot of GS1’s set 82' }),
  /** From this second on (since 1970) it is expired. */
  endsAt: uint(),
})
export type LotContent = Infer<typeof lotContent>

const contentBytesMax = 512

export const lotStatement = object({
  content: bytes({ max: contentBytesMax }),
  /** By a key of the maker's organisation, over the content. */
  signature: bytes({ length: 64 }),
  leafKey: hash,
})
export type LotStatement = Infer<typeof lotStatement>

const contentType = 'supply-lot'

const labelOf = (chain: Uint8Array, { content, signature, leafKey }: LotStatement): Uint8Array =>
  leafOf(leafKey, statementHash(contentType, chain, concatBytes(content, signature)))

/** Signs what is said of a lot with the organisation's seed; `newLot` is what `commission` takes of it. */
export function stateLot(
  chain: Uint8Array,
  content: LotContent,
  { seed, random }: { readonly seed: Uint8Array; readonly random: RandomBytes },
): { readonly statement: LotStatement; readonly newLot: { handle: Uint8Array; label: Uint8Array; endsAt: number } } {
  const encoded = encode(lotContent, content)
  const signature = sign(seed, signedBytes(contentType, chain, encoded))
  const statement = { content: encoded, signature, leafKey: random(32) }
  return { statement, newLot: { handle: content.handle, label: labelOf(chain, statement), endsAt: content.endsAt } }
}

/** Why what is shown of a lot is not believed, first reason first. */
export type LotRefusal =
  | { readonly type: 'not-as-commissioned' }
  | { readonly type: 'malformed' }
  | { readonly type: 'other-lot' }
  | { readonly type: 'signature-invalid' }

/**
 * What the maker said of a lot. `lot` is what the ledger keeps, `makerKey` a key that the maker's organisation had on the state
 * after that block (`members`). That the GTIN is that maker's own is for whoever knows the registry of GS1.
 */
export function checkLot(
  shown: LotStatement,
  {
    chain,
    handle,
    lot,
    makerKey,
  }: { readonly chain: Uint8Array; readonly handle: Uint8Array; readonly lot: Lot; readonly makerKey: Uint8Array },
): Result<LotContent, LotRefusal> {
  if (!equalBytes(labelOf(chain, shown), lot.label)) return no({ type: 'not-as-commissioned' })
  const read = decode(lotContent, shown.content)
  if (!read.ok) return no({ type: 'malformed' })
  if (!equalBytes(read.value.handle, handle) || read.value.endsAt !== lot.endsAt) return no({ type: 'other-lot' })
  if (!verify(makerKey, signedBytes(contentType, chain, shown.content), shown.signature))
    return no({ type: 'signature-invalid' })
  return ok(read.value)
}
