/** What the wallet does about prescriptions; every step one after the other, through the keeper. */
import { giveItemKeys, namePharmacy, takeItemBack, writtenItemKeys } from '@plexus/sdk'
import type { WalletKeeper } from './keeper.ts'

/** Names a pharmacy, or takes the item back where none is named. Null when it is done; otherwise the code of who refused. */
export async function placeItem(keeper: WalletKeeper, handle: string, pharmacy: string | null): Promise<string | null> {
  // The pages call it by its name from now on.
  if (pharmacy !== null) await keeper.nameOf(pharmacy)
  return keeper.turn(async ({ client }) => {
    const done = pharmacy === null ? await takeItemBack(client, handle) : await namePharmacy(client, handle, pharmacy)
    return done.ok ? null : done.reason.type
  })
}

/** What a practice puts into its order as `patient`, in JSON. */
export function keysForOrder(keeper: WalletKeeper, lines: number): Promise<string | null> {
  return keeper.turn(async ({ client }) => {
    const [custodian] = client.custodians
    const given = custodian === undefined ? undefined : await giveItemKeys(client, { custodian, count: lines })
    return given?.ok ? JSON.stringify(writtenItemKeys(given.value), null, 1) : null
  })
}
