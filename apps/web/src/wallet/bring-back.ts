/** A wallet of which the root alone is left, from paper or from a file of a former version, finds itself again. */
import { type BroughtBack, bringBackDoor, bringBack as bringWalletBack } from '@plexus/sdk'
import { httpDoor } from '../node/door.ts'
import type { WalletKeeper } from './keeper.ts'

export interface BroughtPlace extends BroughtBack {
  readonly name: string
}

export interface BringingBack {
  readonly places: readonly BroughtPlace[]
  /** The code of what stands in the way of looking at all. */
  readonly refused: string | null
}

export function bringBack(keeper: WalletKeeper): Promise<BringingBack> {
  return keeper.turn(async ({ client }) => {
    const found = await bringWalletBack(client, bringBackDoor(httpDoor, keeper.sponsor), keeper.sponsor)
    if (!found.ok) return { places: [], refused: found.reason.type }
    await keeper.cameBack()
    const places = await Promise.all(
      found.value.map(async (each) => ({ ...each, name: await keeper.nameOf(each.custodian) })),
    )
    return { places, refused: null }
  })
}
