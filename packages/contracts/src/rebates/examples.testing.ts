/** A network with fills on which something may accrue, and one-time keys for everybody, for worded examples. */
import { toHex } from '@plexus/codec'
import { type Network, network } from '../network.testing.ts'
import { type Identity, identityOf } from '../world.testing.ts'
import { type FoundedFill, foundedFills } from './fills.testing.ts'
import { type Accrual, type Programme, type RebatesTransaction, rebates } from './index.ts'

export const secondsPerDay = 86_400

/** One-time keys in the order in which they are asked for. */
let number = 40_000
export const freshKey = (): Identity => identityOf(number++)
export const commitment = (): Uint8Array => freshKey().handle

/** Through a member that is not concerned. */
export const ask = (world: Network, transaction: RebatesTransaction, ...signers: readonly Identity[]): string =>
  world.submit(rebates, transaction, { sponsor: 'birch', signers })

export interface Accrued {
  readonly world: Network
  readonly fill: FoundedFill
  readonly claimant: Identity
  readonly payer: Identity
  readonly handle: Uint8Array
  readonly answer: string
  /** Asks for a step that takes a handle and a record. */
  by(signers: readonly Identity[], type: StepType): string
  readonly now: Accrual
}

type StepType = 'claim' | 'validate' | 'approve' | 'resolve' | 'restate' | 'settle' | 'withdraw'

/** Asks for an accrual on one of the founded fills. */
export function accruing(
  programme: Programme,
  world: Network = network(),
  fill: FoundedFill = foundedFills[0] as FoundedFill,
): Accrued {
  const [claimant, payer] = [freshKey(), freshKey()]
  const { handle } = claimant
  const accrue = { type: 'accrue', handle, tag: fill.tag.handle, programme, payer: payer.handle } as const
  return {
    world,
    fill,
    claimant,
    payer,
    handle,
    answer: ask(world, { ...accrue, content: commitment() }, fill.tag),
    by: (signers, type) => ask(world, { type, handle, record: commitment() }, ...signers),
    get now() {
      return rebates.queries.accrual(world.view(rebates), toHex(handle)) as Accrual
    },
  }
}

/** Brings an accrual along the straight way. Throws when a step is refused. */
export function until(status: 'claimed' | 'validated' | 'approved' | 'settled', accrued: Accrued): Accrued {
  const { claimant, payer, by } = accrued
  const way = [
    ['claimed', 'claim', [claimant]],
    ['validated', 'validate', [payer]],
    ['approved', 'approve', [payer]],
    ['settled', 'settle', [claimant, payer]],
  ] as const
  for (const [to, type, signers] of way.slice(0, way.findIndex(([to]) => to === status) + 1)) {
    const answer = by(signers, type)
    if (answer !== 'accepted' || accrued.now.status !== to) throw new Error(`${type}: ${answer}`)
  }
  return accrued
}

/** Brings an accrual into a dispute about units. */
export function disputed(accrued: Accrued): Accrued {
  const { world, payer, handle } = until('claimed', accrued)
  const answer = ask(world, { type: 'dispute', handle, record: commitment(), code: 'units' }, payer)
  if (answer !== 'accepted') throw new Error(`dispute: ${answer}`)
  return accrued
}
