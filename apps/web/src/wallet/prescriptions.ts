/** What the wallet does about prescriptions; every step one after the other, through the keeper. */
import { giveItemKeys, namePharmacy, takeItemBack, writtenItemKeys } from '@plexus/sdk'
import { askJson } from '../node/door.ts'
import type { WalletKeeper } from './keeper.ts'

export interface Place {
  readonly id: string
  readonly name: string
}

/** Names a pharmacy, or takes the item back where none is named. Null when it is done; otherwise the code of who refused. */
export function placeItem(keeper: WalletKeeper, handle: string, pharmacy: string | null): Promise<string | null> {
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

/** Organisations that take part and that this node reaches, by their names. Null when nobody answers. */
export async function pharmaciesAt(keeper: WalletKeeper): Promise<readonly Place[] | null> {
  const answer = await askJson<{ readonly members: readonly { readonly organisations: readonly string[] }[] }>(
    '/v1/members',
  )
  if (!answer.ok) return null
  const ids = answer.value.members.flatMap(({ organisations }) => organisations)
  const places = await Promise.all(ids.map(async (id) => ({ id, name: await keeper.nameOf(id) })))
  return places.sort((a, b) => (a.name < b.name ? -1 : 1))
}
