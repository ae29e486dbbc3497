/** A wallet's note on its way to a member's node. */
import { utf8 } from '@plexus/codec'
import { sealTo } from '@plexus/crypto'
import { noteInfo, type WalletNote, walletFrame } from '@plexus/policy'

/**
 * Seals a note to the node of member `to`, whose X-Wing key (1,216 bytes) the ledger names. `chain`: the chain's id, 32
 * bytes. The note proves itself by the patient's signatures inside; the seal hides who and what, the padding how much.
 */
export async function sealNote({
  to,
  sealingKey,
  chain,
  note,
}: {
  readonly to: string
  readonly sealingKey: Uint8Array
  readonly chain: Uint8Array
  readonly note: WalletNote
}): Promise<Uint8Array> {
  return sealTo({
    publicKey: sealingKey,
    info: utf8(noteInfo),
    context: chain,
    plaintext: walletFrame(to, note),
  })
}
