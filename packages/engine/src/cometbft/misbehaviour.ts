/** What FinalizeBlock tells of validators that misbehaved, as the ledger takes it. The engine has checked the evidence. */
import { type Misbehaviour, misbehavioursMax } from '@plexus/kernel'
import { MisbehaviorType, type Misbehavior as WireMisbehavior } from 'cosmjs-types/tendermint/abci/types'

const addressBytes = 20

/**
 * In the order of the engine, which is that of its block, and so the same at every node. What this release has no word for
 * is left out by all alike.
 */
export function misbehaviourIn(told: readonly WireMisbehavior[]): readonly Misbehaviour[] {
  return told
    .flatMap(({ type, validator: { address }, height }) => {
      const kind = kinds.get(type)
      if (!kind || address.length !== addressBytes) return []
      // The socket's memory is not ours to keep.
      return [{ kind, validator: new Uint8Array(address), height: Number(height) }]
    })
    .slice(0, misbehavioursMax)
}

const kinds: ReadonlyMap<MisbehaviorType, Misbehaviour['kind']> = new Map([
  [MisbehaviorType.DUPLICATE_VOTE, 'double-vote'],
  [MisbehaviorType.LIGHT_CLIENT_ATTACK, 'light-client-attack'],
])
