/** A wallet at work on CometBFT: notices are taken on headers that a light client verified, and wait where none could be. */
import { encode, ok, utf8 } from '@plexus/codec'
import { sealTo } from '@plexus/crypto'
import { type Notice, noticeInfo, notice as noticeSchema } from '@plexus/policy'
import { expect, test } from 'vitest'
import { headersOf } from '../light/bundle-headers.ts'
import { onCometbft } from '../light/bundle-light.testing.ts'
import type { FetchLightBlock } from '../light/follow.ts'
import { sourceOf } from '../light/mint.testing.ts'
import { trustedOf } from '../light/trusted-block.ts'
import { lightSettings } from '../light/verify-header.ts'
import { bundleOf, seedOf, World } from '../world.testing.ts'
import { type NodePort, WalletClient } from './client.ts'
import { whoLooked } from './history.ts'
import { createWallet, enrol } from './wallet.ts'

test('an access is believed for the votes of validators; where no source answers, its notice waits', async () => {
  const world = new World()
  let drawn = 0
  const random = (length: number) => seedOf(`random ${drawn++}`).slice(0, length)
  const enrolled = await enrol(createWallet({ chain: world.chain, root: seedOf('a patient'), random }), {
    custodian: 'hospital',
    code: 'in-person-1',
    mailboxMember: 'elsewhere',
    now: world.time,
  })
  if (!enrolled.ok || enrolled.value.note.type !== 'enrol') throw new Error('no enrolment came')
  const { mailbox } = enrolled.value.note.enrolment.content
  const { bundle, blocks } = onCometbft(world.access({ receipt: { mailbox } }), { heightMax: 5 })
  const [first] = blocks
  if (!first) throw new Error('no blocks')
  const told: Notice = { type: 'access', from: 'custodian', teller: 'hospital', bundle: bundleOf(bundle) }
  const sealed = await sealTo({
    publicKey: mailbox.sealingKey,
    info: utf8(noticeInfo),
    context: world.chain.id,
    plaintext: encode(noticeSchema, told),
  })
  const never = () => Promise.reject(new Error('this wallet only reads'))
  const port: NodePort = {
    sponsor: never,
    nodeOf: never,
    submit: never,
    deliver: never,
    mail: async () => ok({ notices: [{ number: 1, sealed }], more: 0 }),
    now: () => world.time,
    pause: async () => {},
  }
  let primary: FetchLightBlock = async () => undefined
  const step = { trusted: trustedOf(first), now: { seconds: world.time + 20, nanoseconds: 0 }, settings: lightSettings }
  const client = new WalletClient({
    wallet: enrolled.value.wallet,
    port,
    async believe(bytes) {
      const headers = await headersOf(bytes, step, { primary, witnesses: [] })
      return headers.ok ? ok(headers.value.trust) : headers
    },
  })

  expect(await client.fetch()).toMatchObject({ ok: false, reason: { type: 'not-sent' } })
  expect(whoLooked(client.wallet.state)).toEqual([])
  expect(client.taken.get('hospital')).toBeUndefined()
  primary = sourceOf(blocks)
  expect(await client.fetch()).toEqual({ ok: true, value: { notices: 1 } })
  expect(whoLooked(client.wallet.state)).toMatchObject([{ custodian: 'hospital', verified: true }])
})
