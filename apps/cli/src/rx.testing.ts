/** Prescriptions from a terminal, on the demonstration that the tests of the commands keep up. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { plexus } from './running.testing.ts'

/** `told`: what the demonstration said to give for an option. */
export function prescriptionTests({
  folder,
  data,
  node,
  told,
}: {
  readonly folder: string
  readonly data: string
  readonly node: () => readonly string[]
  readonly told: (option: string) => string
}): void {
  describe('a prescription', () => {
    const at = (member: string) => [...node(), '--data', data, '--member', member, '--json']
    const rx = async (member: string, ...words: readonly string[]) => {
      const { code, err, lines } = await plexus('rx', ...words, ...at(member))
      return {
        code,
        refusal: code === 0 ? undefined : JSON.parse(err).error,
        said: code === 0 ? lines()[0] : undefined,
      }
    }

    test('of thirty tablets: twenty are filled, then it is cancelled, the last ten refused, cancelled with twenty filled', async () => {
      const order = join(folder, 'order.json')
      const npi = told('npi')
      const line = {
        drug: { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' },
        ...{ quantity: 30, unit: '{tbl}', schedule: 'II', directions: 'one every six hours', lastsDays: 30 },
      }
      const said = {
        ...{ organisation: 'emergency-1', order: 'order 1', npi, registration: 'AB1234563', registrar: 'state-board' },
        ...{ authentication: 'ab'.repeat(32), dayLagMinutes: 1_140, lines: [line] },
      }
      writeFileSync(order, JSON.stringify(said))
      const signed = await rx('emergency-1', 'sign', order)
      expect(signed).toMatchObject({ code: 0, said: { member: 'emergency-1' } })
      const [handle = ''] = (signed.said?.['handles'] ?? []) as readonly string[]
      expect(await rx('emergency-1', 'nominate', handle, '--pharmacy', 'hospital-5')).toMatchObject({ code: 0 })
      const brought = async () => (await rx('hospital-5', 'show', handle)).code === 0
      for (let look = 0; look < 20 && !(await brought()); look++) await new Promise((resolve) => setImmediate(resolve))
      expect(await rx('hospital-5', 'claim', handle)).toMatchObject({ code: 0 })
      const bottle = [
        '--product',
        'ndc:00406-0512-01:Oxycodone and acetaminophen',
        '--lot',
        'A-4711',
        '--pharmacist',
        npi,
      ]
      const fill = (quantity: string, ...more: readonly string[]) =>
        rx('hospital-5', 'fill', handle, '--quantity', quantity, ...bottle, ...more)
      expect(await fill('20', '--remainder', 'requested')).toMatchObject({ code: 0 })
      expect((await rx('emergency-1', 'cancel', handle)).said).toMatchObject({
        code: 'R-0003',
        says: 'not cancelled, with dispenser, marked for cancellation',
      })
      expect(await fill('10')).toMatchObject({ code: 1, refusal: 'marked-for-cancellation' })
      expect(await rx('hospital-5', 'return', handle)).toMatchObject({ code: 0 })
      const { out } = await plexus('rx', 'show', handle, ...node(), '--data', data, '--member', 'hospital-5')
      expect(out).toContain('Oxycodone HCl 5 MG / Acetaminophen 325 MG: cancelled')
      expect(out).toContain('20 of 30 {tbl} filled')
    }, 60_000)

    test('with one refill is filled twice, and is not over before its last day', async () => {
      const order = join(folder, 'refills.json')
      const line = {
        drug: { system: 'rxnorm', code: '316672', display: 'Simvastatin 10 MG' },
        ...{ quantity: 30, unit: '{tbl}', directions: 'one in the evening', lastsDays: 60, refills: 1 },
      }
      const said = {
        organisation: 'emergency-1',
        order: 'order 2',
        npi: told('npi'),
        dayLagMinutes: 1_140,
        lines: [line],
      }
      writeFileSync(order, JSON.stringify(said))
      const signed = await rx('emergency-1', 'sign', order)
      const [handle = ''] = (signed.said?.['handles'] ?? []) as readonly string[]
      const product = ['--product', 'ndc:00093-7153-98:Simvastatin 10 MG', '--pharmacist', told('npi')]
      const claimable = async () => {
        const { said: shown } = await rx('hospital-5', 'show', handle)
        return (shown?.['items'] as readonly { readonly named: boolean }[] | undefined)?.[0]?.named === true
      }
      for (const _ of [1, 2]) {
        expect(await rx('emergency-1', 'nominate', handle, '--pharmacy', 'hospital-5')).toMatchObject({ code: 0 })
        for (let look = 0; look < 20 && !(await claimable()); look++)
          await new Promise((resolve) => setImmediate(resolve))
        expect(await rx('hospital-5', 'claim', handle)).toMatchObject({ code: 0 })
        expect(await rx('hospital-5', 'fill', handle, '--quantity', '30', ...product)).toMatchObject({ code: 0 })
      }
      const { out } = await plexus('rx', 'show', handle, ...node(), '--data', data, '--member', 'hospital-5')
      expect(out).toContain('Fill 2 of 2.')
      const again = await rx('emergency-1', 'nominate', handle, '--pharmacy', 'hospital-5')
      expect(again).toMatchObject({ code: 1, refusal: 'no-refills-left' })
      expect(await rx('hospital-5', 'expire', handle)).toMatchObject({ code: 1, refusal: 'already-dispensed' })
      expect(await rx('hospital-5', 'complete', handle)).toMatchObject({ code: 0 })
    }, 120_000)

    test('that nobody here knows is refused, and an order that is none', async () => {
      expect(await rx('hospital-5', 'claim', '00'.repeat(32))).toMatchObject({ code: 1, refusal: 'item-unknown' })
      expect(await rx('hospital-5', 'sign', join(folder, 'no-order.json'))).toMatchObject({ refusal: 'file-missing' })
      expect(await rx('hospital-5', 'fill', '00'.repeat(32))).toMatchObject({ refusal: 'usage' })
    })
  })
}
