/** Organisations of the network, as the wallet's node has them from the ledger. */
import { organisationsAt } from '@plexus/sdk'
import { httpDoor } from '../node/door.ts'
import type { WalletKeeper } from './keeper.ts'

export interface Organisation {
  readonly id: string
  /** By which people know it. */
  readonly name: string
}

/** Those that take part, by their names. Null when nobody answers. */
export async function organisationsOf(keeper: WalletKeeper): Promise<readonly Organisation[] | null> {
  const known = await organisationsAt(httpDoor, keeper.sponsor).catch(() => null)
  const active = known?.flatMap(({ organisation, name, active }) => (active ? [{ id: organisation, name }] : []))
  return active?.sort((a, b) => (a.name < b.name ? -1 : 1)) ?? null
}
