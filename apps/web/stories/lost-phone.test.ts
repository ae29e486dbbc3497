/** A phone is lost: on another one, the code from paper brings back the places, the directives, who looked, and the cases. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, picture } from './browser.testing.ts'
import { type RunningDemonstration, setUpMilliseconds, startDemonstration } from './network.testing.ts'

describe.skipIf(browserPath === undefined)('a lost phone (needs Chromium)', () => {
  let network: RunningDemonstration
  let browser: Browser

  beforeAll(async () => {
    network = await startDemonstration()
    browser = await openBrowser()
  }, setUpMilliseconds)
  afterAll(async () => {
    await browser?.close()
    await network?.end()
  })

  test('comes back from paper with its places, its directives, who looked, and what was said to be wrong', async () => {
    const first = await browser.newContext({ locale: 'en-US' })
    const { page: phone } = await openWindow(first, network.link)
    await phone.getByRole('link', { name: 'Be the patient' }).click()
    await phone.getByRole('button', { name: 'Make my wallet' }).click()
    const code = (await phone.locator('[data-recovery-code] li').allTextContents()).join(' ')
    await phone.getByLabel('I have written it down').check()
    await phone.getByRole('button', { name: 'Go on' }).click()
    await phone.getByRole('button', { name: 'With this browser' }).click()
    await phone.getByRole('button', { name: /^Enrol at all/ }).click()
    await phone.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor({ timeout: 60_000 })
    await phone.getByRole('link', { name: 'Sharing' }).click()
    await phone.getByRole('button', { name: 'Check in at emergency-1' }).click()
    await phone.locator('[data-visit]').waitFor({ timeout: 20_000 })
    const { page: clinician } = await openWindow(first, network.link)
    await clinician.getByRole('link', { name: 'Be the clinician' }).click()
    await clinician.getByRole('button', { name: 'Sign in' }).click()
    await clinician.getByRole('button', { name: 'Scan the waiting patient' }).click()
    await clinician.getByRole('button', { name: 'Ask for the record' }).click()
    await clinician.getByRole('heading', { name: 'The first minute' }).waitFor({ timeout: 60_000 })
    await phone.getByRole('button', { name: 'Close the door' }).click()
    const places = await phone.locator('.change tbody tr').count()
    await phone.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => phone.getByText('In force').count(), { timeout: 60_000 }).toBe(places)
    await phone.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await phone.getByRole('link', { name: 'Who looked' }).click()
    await phone.getByRole('button', { name: 'Details' }).first().click()
    await phone.getByRole('button', { name: 'This is wrong' }).first().click()
    await phone.getByLabel('What is wrong?').fill('I was at home that day.')
    await phone.getByRole('button', { name: 'Sign and send' }).click()
    await phone.getByText('It is there').waitFor({ timeout: 20_000 })
    await first.close()

    const second = await browser.newContext({ locale: 'en-US', viewport: { width: 390, height: 844 } })
    const { page, complaints } = await openWindow(second, network.link)
    await page.getByRole('link', { name: 'Be the patient' }).click()
    await page.getByRole('button', { name: 'I have a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(code.toLowerCase())
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await page.getByRole('button', { name: 'With this browser' }).click()
    await page.getByRole('heading', { level: 1, name: 'Your wallet comes back' }).waitFor()
    await expect.poll(() => page.locator('[data-places] > li').count(), { timeout: 60_000 }).toBe(places)
    expect(await page.locator('[data-places]').getByText('Found; 1 directive', { exact: true }).count()).toBe(places)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'coming-back')
    await page.getByRole('button', { name: 'Go on' }).click()

    await page.getByRole('heading', { name: 'emergency-1 asked for your record' }).first().waitFor({ timeout: 20_000 })
    await page.getByRole('button', { name: 'Details' }).first().click()
    await page.locator('[data-case="open"]').getByText('I was at home that day.').waitFor()
    await page.getByRole('button', { name: 'Check the proof' }).first().click()
    await page.getByText('The proof holds').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Sharing' }).click()
    await page.getByText('Closed', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Open it again' }).click()
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => page.getByText('In force').count(), { timeout: 60_000 }).toBe(places)
    // The browser reports each handle that was asked for and never opened: that is how the wallet learns where it is not.
    expect(complaints.filter((each) => !each.includes('404'))).toEqual([])
  })
})
