/** The exchange on CometBFT through a restart of all. Most files beside this one run on both engines: `config/vitest.ts` names them. */
import { existsSync } from 'node:fs'
import { findings, whoLooked } from '@plexus/sdk'
import { describe, expect, test } from 'vitest'
import { builtEngine } from '../src/comet-order.ts'
import { denyTo } from '../src/story.ts'
import { smallChart } from './records.testing.ts'
import { clinic, must, World } from './world.testing.ts'

const custodian = 'hospital-1'
const patient = 'patient-1'

describe.skipIf(!existsSync(builtEngine))('with a real engine (needs `npm run engine`)', () => {
  test('an access is released, seen and proven by votes; a closed door refuses; and a restart goes on', {
    timeout: 180_000,
  }, async () => {
    const first = await World.start({ members: [custodian], engine: 'cometbft' })
    let world = first
    try {
      const clinician = await world.employ()
      await world.register(custodian, patient, smallChart(patient, 'a'))
      let client = await world.enrol(patient, [custodian])
      const visit = await world.checkIn(client, clinic, [custodian])

      expect((await world.ask(visit, clinician)).sources).toMatchObject([{ state: 'complete', code: null }])
      await world.looks(client, (looks) => looks.length === 1 && looks[0]?.confirmedBy.length === 2)
      expect(whoLooked(client.wallet.state)).toMatchObject([{ custodian, verified: true }])
      expect(findings(client.wallet.state)).toEqual([])

      must(await client.changeDirectives(custodian, [denyTo(clinic, Math.floor(world.now()))]), 'a directive')
      await world.settled()
      expect((await world.ask(visit, clinician)).sources).toMatchObject([
        { state: 'refused', code: 'directive-denies' },
      ])
      await world.looks(client, (looks) => looks.length === 2)
      const height = world.node(custodian).store.tip()?.height ?? 0
      await world.network.close()

      world = await World.start({ members: [custodian], engine: 'cometbft', data: world.data })
      expect(world.node(custodian).store.tip()?.height).toBeGreaterThanOrEqual(height)
      client = world.carryOn(client)
      must(await client.openSpare(custodian), 'a spare')
      must(await client.changeDirectives(custodian, []), 'a directive')
      const again = await world.checkIn(client, clinic, [custodian])
      expect((await world.ask(again, clinician)).sources).toMatchObject([{ state: 'complete' }])
      // A refusal is told by the custodian alone.
      await world.looks(client, (looks) => looks.filter(({ confirmedBy }) => confirmedBy.length === 2).length === 2)
      expect(whoLooked(client.wallet.state)).toHaveLength(3)
      expect(findings(client.wallet.state)).toEqual([])
      expect(world.failures).toEqual([])
      const hashes = [...world.network.nodes.values()].map(({ store }) => store.rootAt(height)?.appHash)
      expect(new Set(hashes.map(String)).size).toBe(1)
    } finally {
      await world.close()
      if (world !== first) await first.close()
    }
  })
})
