/** A phone is lost: on another one, the code from paper brings back the places, the directives, who looked, and the cases. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, picture } from './browser.testing.ts'
import { charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { askForRecord, checkIn, enrolEverywhere } from './steps.testing.ts'

describe.skipIf(browserPath === undefined)('a lost phone (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  test('comes back from paper with its places, its directives, who looked, and what was said to be wrong', async () => {
    const first = await browser.newContext({ locale: 'en-US' })
    const { page: phone } = await openWindow(first, network.link)
    await phone.getByRole('link', { name: 'Be the patient' }).click()
    await phone.getByRole('button', { name: 'Make my wallet' }).click()
    const code = (await phone.locator('[data-recovery-code] li').allTextContents()).join(' ')
    await phone.getByLabel('I have written it down').check()
    await phone.getByRole('button', { name: 'Go on' }).click()
    await phone.getByRole('button', { name: 'With this browser' }).click()
    await enrolEverywhere(phone, charts.lostPhone)
    await checkIn(phone)
    const { page: clinician } = await openWindow(first, network.link)
    await askForRecord(clinician)
    await phone.getByRole('button', { name: 'Close the door' }).click()
    const places = await phone.locator('.change tbody tr').count()
    await phone.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => phone.getByText('In force').count()).toBe(places)
    await phone.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await phone.getByRole('link', { name: 'Who looked' }).click()
    await phone.getByRole('button', { name: 'Details' }).first().click()
    await phone.getByRole('button', { name: 'This is wrong' }).first().click()
    await phone.getByLabel('What is wrong?').fill('I was at home that day.')
    await phone.getByRole('button', { name: 'Sign and send' }).click()
    await phone.getByText('It is there').waitFor()
    await first.close()

    const second = await browser.newContext({ locale: 'en-US', viewport: { width: 390, height: 844 } })
    const { page, complaints } = await openWindow(second, network.link)
    await page.getByRole('link', { name: 'Be the patient' }).click()
    await page.getByRole('button', { name: 'I have a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(code.toLowerCase())
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await page.getByRole('button', { name: 'With this browser' }).click()
    await page.getByRole('heading', { level: 1, name: 'Your wallet comes back' }).waitFor()
    await expect.poll(() => page.locator('[data-places] > li').count()).toBe(places)
    expect(await page.locator('[data-places]').getByText('Found; 1 directive', { exact: true }).count()).toBe(places)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'coming-back')
    await page.getByRole('button', { name: 'Go on' }).click()

    await page.getByRole('heading', { name: 'emergency-1 asked for your record' }).first().waitFor()
    await page.getByRole('button', { name: 'Details' }).first().click()
    await page.locator('[data-case="open"]').getByText('I was at home that day.').waitFor()
    await page.getByRole('button', { name: 'Check the proof' }).first().click()
    await page.getByText('The proof holds').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Sharing' }).click()
    await page.getByText('Closed', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Open it again' }).click()
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => page.getByText('In force').count()).toBe(places)
    // The browser reports each handle that was asked for and never opened: that is how the wallet learns where it is not.
    expect(complaints.filter((each) => !each.includes('404'))).toEqual([])
  })
})
