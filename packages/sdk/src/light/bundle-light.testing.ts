/** The blocks of the test network as CometBFT would have had them committed: the same bundles, on headers with votes. */
import { merklePath, sha256 } from '@plexus/crypto'
import type { Committed, ReceiptBundle } from '@plexus/policy'
import type { LightBlock } from './light-block.ts'
import { dataHashOf } from './light-hashes.ts'
import { chainOf, type Seat, seats, start } from './mint.testing.ts'

const four = seats('ann bob cleo dan')

/** A bundle whose paths lead to data hashes, with the engine's signatures taken out, and the chain that it rests on. */
export function onCometbft(
  bundle: ReceiptBundle,
  {
    heightMax,
    changes = new Map([[1, four]]),
  }: { readonly heightMax: number; readonly changes?: ReadonlyMap<number, readonly Seat[]> },
): { readonly bundle: ReceiptBundle; readonly blocks: readonly LightBlock[] } {
  const shown = [bundle.receipt, ...(bundle.intent ? [bundle.intent] : [])]
  const transactionsAt = (height: number): readonly Uint8Array[] =>
    shown
      .filter(({ header }) => header.header.height === height)
      .toSorted((a, b) => a.index - b.index)
      .map(({ envelope }) => envelope)
  const blocks = chainOf(heightMax, changes, (height) => {
    const header = shown.find((each) => each.header.header.height === height)?.header.header
    return {
      time: { seconds: header?.time ?? start + 5 * height, nanoseconds: 123_456_789 },
      dataHash: dataHashOf(transactionsAt(height)),
      ...(header ? { appHash: header.appHash } : {}),
    }
  })
  const moved = (each: Committed): Committed => ({
    ...each,
    path: merklePath(transactionsAt(each.header.header.height).map(sha256), each.index),
    header: { ...each.header, signature: new Uint8Array(64) },
  })
  return {
    bundle: { ...bundle, intent: bundle.intent && moved(bundle.intent), receipt: moved(bundle.receipt) },
    blocks,
  }
}
