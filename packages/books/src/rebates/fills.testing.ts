/** Fills of items whose keys the test has, so that something may accrue on them. */
import { encode, toHex } from '@plexus/codec'
import { dayAt, type PrescriptionsTransaction, prescriptions, whole } from '@plexus/contracts'
import { sealEnvelope } from '@plexus/kernel'
import { handleOfSeed } from '@plexus/sdk'
import { npis, seedOf, type World } from '../world.testing.ts'

const place = { lagMinutes: 1_140 }
const dispensers = [{ organisation: 'clinic', pharmacy: npis[1], pharmacists: [npis[1]] }]

export interface TestFill {
  readonly tag: Uint8Array
  readonly tagSeed: Uint8Array
  readonly holderSeed: Uint8Array
  readonly filledAt: number
}

/** One item, signed, made available, claimed and filled: by its name the keys are the same in every run. */
export function fillIn(world: World, name: string): TestFill {
  const seed = (of: string) => seedOf(`${name} ${of}`)
  const [handle, patient, claimant, holder, tag] = ['item', 'patient', 'claimant', 'holder', 'tag'].map((of) =>
    handleOfSeed(seed(of)),
  ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const issuedDay = dayAt(world.time, place)
  const steps: readonly (readonly [PrescriptionsTransaction, string | null])[] = [
    [
      {
        type: 'sign-items',
        organisation: 'clinic',
        registrar: null,
        prescribers: [npis[0]],
        dayLagMinutes: place.lagMinutes,
        items: [
          {
            handle,
            patient,
            content: seed('content'),
            limits: 'none',
            issuedDay,
            firstDay: issuedDay,
            lastDay: issuedDay + 30,
            refills: 0,
            refillWeeks: 0,
          },
        ],
      },
      null,
    ],
    [{ type: 'make-available', handle, claimant }, 'patient'],
    [{ type: 'claim', handle, holder }, 'claimant'],
    [{ type: 'fill', handle, level: whole, record: seed('record'), tag, remainder: null, dispensers }, 'holder'],
  ]
  for (const [index, [transaction, signer]] of steps.entries()) {
    const envelope = sealEnvelope(
      {
        chain: world.chain.id,
        sponsor: 'clinic',
        nonce: seed(`nonce ${index}`).subarray(0, 16),
        validUntil: world.time + 60,
        contract: prescriptions.name,
        transaction: encode(prescriptions.transaction, transaction),
      },
      [seedOf('clinic'), ...(signer ? [seed(signer)] : [])],
    )
    world.pool.push(envelope)
    world.block()
  }
  if (!world.node('clinic').replica.state.get(`prescriptions/fills/${toHex(tag)}`))
    throw new Error('nothing was filled')
  return { tag, tagSeed: seed('tag'), holderSeed: seed('holder'), filledAt: world.time }
}
