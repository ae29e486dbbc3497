/** The blocks of the test network as CometBFT would have had them committed: the same bundles, on headers with votes. */
import { merklePath } from '@plexus/crypto'
import { type CometHeader, chainNameOf, transactionLeaves } from '@plexus/kernel'
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
  const chainName = chainNameOf({ id: bundle.receipt.header.header.chain })
  const blocks = chainOf(heightMax, changes, (height) => {
    const header = shown.find((each) => each.header.header.height === height)?.header.header
    return {
      chainName,
      time: { seconds: header?.time ?? start + 5 * height, nanoseconds: 123_456_789 },
      dataHash: dataHashOf(transactionsAt(height)),
      ...(header ? { appHash: header.appHash } : {}),
    }
  })
  const moved = (each: Committed): Committed => {
    const { chain, height, time, appHash, transactionsRoot } = each.header.header
    const transactions = transactionsAt(height)
    const block = blocks[height - 1]
    if (!block) throw new Error('a bundle shows a block that was not minted')
    const header: CometHeader = {
      type: 'cometbft',
      chain,
      height,
      time,
      nanoseconds: block.header.time.nanoseconds,
      hash: block.commit.block.hash,
      appHash,
      transactionsRoot,
      nextValidatorsHash: block.header.nextValidatorsHash,
      proposer: block.header.proposer,
    }
    return {
      ...each,
      path: merklePath(transactionLeaves('cometbft', transactions), each.index),
      header: { header, signature: null },
    }
  }
  return {
    bundle: { ...bundle, intent: bundle.intent && moved(bundle.intent), receipt: moved(bundle.receipt) },
    blocks,
  }
}
