/** A lot, checked off-line from its proof, by whoever was given its trace key. */
import { fromHex, toHex } from '@plexus/codec'
import type { Chain } from '@plexus/kernel'
import { verifyLotProof } from '@plexus/sdk'
import { plain, Refused, type Screen } from './screen.ts'
import { readBytes } from './wallet-file.ts'

/** `notShown`: what nobody should read into blocks of this chain. */
export function verifyLot(
  path: string,
  chain: Chain,
  { traceKey, notShown }: { readonly traceKey: string; readonly notShown: string },
  screen: Screen,
): void {
  const key = /^(?:[0-9a-f]{2})*$/.test(traceKey) ? fromHex(traceKey) : new Uint8Array(0)
  const checked = verifyLotProof(chain, readBytes(path, 'proof'), { traceKey: key })
  if (!checked.ok) {
    const { type, says } = checked.reason
    screen.give({ type: 'lot', ok: false, chain: toHex(chain.id), refusal: type, says })
    throw new Refused(type, says, 'The proof proves nothing as it is: ask the maker for another.')
  }
  const { lot, handle, height, commissioned, units, totals, recalledAt, contested } = checked.value
  screen.give({
    type: 'lot',
    ok: true,
    chain: toHex(chain.id),
    maker: lot.maker,
    gtin: lot.gtin,
    lot: lot.lot,
    handle,
    height,
    commissioned,
    totals: Object.fromEntries(totals),
    recalledAt,
    contested,
    units,
  })
  screen.say(`Lot ${plain(lot.lot)} of ${lot.maker}, GTIN ${lot.gtin}, after block ${height}: ${commissioned} units.`)
  for (const [status, count] of totals) screen.say(`  ${status}: ${count}`)
  if (recalledAt !== null) screen.say(`  Recalled in block ${recalledAt}.`)
  for (const tag of contested) screen.say(`  Contested: ${tag} stands under another lot.`)
  screen.say('  Proven: each unit is in one of these places, none is missing and none was added.')
  screen.say('  Not proven: whose the keys are that hold them, which the authority that granted them knows.')
  screen.say(`  Not proven: ${notShown}`)
}
