/** A contract that does nothing but bind fills, as those do of which something hangs on a fill. */
import { bytes, type Infer, ok, toHex, variant } from '@plexus/codec'
import { call, defineContract, type Rules, register } from '@plexus/kernel'
import { type ContractWorld, identityOf } from '../world.testing.ts'
import { prescriptions } from './index.ts'

const tag = bytes({ length: 32 })
const transaction = variant({ bind: { tag }, unbind: { tag } })
type Transaction = Infer<typeof transaction>

const rules: Rules<object, Transaction, never, never> = {
  bind: (_, { tag }) => ok({ events: [], calls: [call(prescriptions, { type: 'bind-fill', tag })] }),
  unbind: (_, { tag }) => ok({ events: [], calls: [call(prescriptions, { type: 'unbind-fill', tag })] }),
}

export const binder = defineContract({
  name: 'binder',
  version: 1,
  state: {},
  transaction,
  event: variant({ none: {} }),
  rules: rules as Rules<object, Transaction, { readonly type: 'none' }, never>,
  rejections: {},
  evolve: { none: () => {} },
  queries: {},
  invariants: {},
})

const world: ContractWorld = {
  propose({ random, view, someMember }) {
    const fills = [...view(prescriptions).fills.entries()]
    const bound = fills.filter(([, { boundBy }]) => boundBy.length > 0)
    const some = bound.length > 0 && random.oneIn(2) ? bound : fills
    const id = some.length === 0 || random.oneIn(20) ? toHex(identityOf(1).handle) : random.pick(some)[0]
    const type = random.oneIn(some === bound ? 2 : 4) ? 'unbind' : 'bind'
    return { transaction: { type, tag: Uint8Array.from(Buffer.from(id, 'hex')) }, sponsor: someMember(), signers: [] }
  },
}

/** Of the histories of prescriptions. */
export const binding = { contract: register(binder), world }
