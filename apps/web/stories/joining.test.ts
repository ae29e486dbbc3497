/** A patient with nothing but a node's address: a wallet, codes from the desks of two places, and a check-in anywhere. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, openBrowser, openWindow, type Window } from './browser.testing.ts'
import { look } from './looks.testing.ts'
import { asStaff, charts, demonstration, type SharedDemonstration } from './network.testing.ts'

interface Custodian {
  readonly id: string
  readonly name: string
  readonly member: string
}

describe.skipIf(browserPath === undefined)('joining with codes (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser
  let patient: Window
  let custodians: readonly Custodian[] = []

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    const { origin, hash } = new URL(network.link)
    // Nothing after the #: whoever comes so is handed nothing by the demonstration's desks.
    patient = await openWindow(context, origin)
    const response = await fetch(`${origin}/v1/demonstration`, {
      headers: { authorization: `Bearer ${hash.slice('#desk='.length)}` },
    })
    const { patients } = (await response.json()) as {
      readonly patients: readonly { readonly patient: string; readonly custodians: readonly Custodian[] }[]
    }
    custodians = patients.find((each) => each.patient === charts.joining)?.custodians ?? []
  })
  afterAll(() => browser?.close())

  /** As the desk of that place prints it. */
  function codeOf({ id, member }: Custodian): string {
    const { said, refusal } = asStaff(network, member, 'code', charts.joining, '--custodian', id)
    expect(refusal).toBeNull()
    return said.code
  }
  const [first, second] = [() => custodians[0] as Custodian, () => custodians[1] as Custodian]

  test('a new wallet asks for a place and its code, and says what is wrong with one', async () => {
    const { page } = patient
    expect(custodians.length).toBeGreaterThan(1)
    await page.getByRole('link', { name: 'Be the patient' }).click()
    await page.getByRole('button', { name: 'Make my wallet' }).click()
    await page.getByLabel('I have written it down').check()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'With this browser' }).click()
    await page.getByRole('heading', { level: 1, name: 'Where have you been treated?' }).waitFor()
    await page.getByLabel('Place', { exact: true }).selectOption({ label: first().name })
    await page.getByLabel('Its code').fill('four letters')
    await page.getByRole('button', { name: 'Enrol' }).click()
    await page.getByText('A code has twenty digits').waitFor()
    await look(page, 'wallet-join')
    await page.getByLabel('Its code').fill('0123 4567 89ab cdef 0123')
    await page.getByRole('button', { name: 'Enrol' }).click()
    await page.getByText('The code is used up or wrong.').waitFor()
  })

  test('the right code enrols it, in whatever way it is typed', async () => {
    const { page } = patient
    const code = codeOf(first())
    await page.getByLabel('Its code').fill(code.toUpperCase().replace(/(.{4})/g, '$1 '))
    await page.getByRole('button', { name: 'Enrol' }).click()
    await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor()
  })

  test('another place is added later, and the record of both is shown', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await page.getByLabel('Place', { exact: true }).selectOption({ label: first().name })
    await page.getByText(`This wallet is enrolled at ${first().name} already.`).waitFor()
    await page.getByLabel('Place', { exact: true }).selectOption({ label: second().name })
    await page.getByLabel('Its code').fill(codeOf(second()))
    await page.getByRole('button', { name: 'Enrol' }).click()
    await page.getByText(`${second().name} knows this wallet now.`).waitFor()
    await page.getByRole('heading', { level: 2, name: 'Enrolled at 2 places' }).waitFor()
    await look(page, 'wallet-add-place')
    await page.getByRole('link', { name: 'My record' }).click()
    await page.locator('#topic-results').waitFor()
  })

  test('it checks in wherever it is', async () => {
    const { page, complaints } = patient
    await page.getByRole('link', { name: 'Sharing' }).click()
    expect(await page.getByRole('button', { name: 'Check in', exact: true }).isDisabled()).toBe(true)
    await page.getByLabel('Where are you?').selectOption('emergency-1')
    await page.getByRole('button', { name: /^Check in at / }).click()
    expect(await page.locator('[data-visit]').textContent()).toMatch(/^[0-9a-f]{32}$/)
    await look(page, 'sharing-anywhere')
    // The code that no desk knew is a 403, which the browser reports.
    expect(complaints.filter((each) => !each.includes('403'))).toEqual([])
  })
})
