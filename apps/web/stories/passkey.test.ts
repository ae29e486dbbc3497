/** A wallet under a passkey: locked, it opens for the passkey alone. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, withAuthenticator } from './browser.testing.ts'
import { charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { enrolEverywhere } from './steps.testing.ts'

describe.skipIf(browserPath === undefined)('a wallet under a passkey (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
  })
  afterAll(() => browser?.close())

  test('opens for its owner, shows the code that was written down, and stays shut for anybody else', async () => {
    const context = await browser.newContext({ locale: 'en-US' })
    const { page, complaints } = await openWindow(context, network.link)
    const verify = await withAuthenticator(page)
    await page.getByRole('link', { name: 'Be the patient' }).click()
    await page.getByRole('button', { name: 'Make my wallet' }).click()
    const code = (await page.locator('[data-recovery-code] li').allTextContents()).join('-')
    await page.getByLabel('I have written it down').check()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'With a passkey' }).click()
    await enrolEverywhere(page, charts.passkey)

    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Locked' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Unlock' }).click()
    await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor()
    await page.getByRole('link', { name: 'Wallet' }).click()
    await page.getByText('Locked with a passkey').waitFor()
    await page.getByRole('button', { name: 'Show the recovery code' }).click()
    expect((await page.locator('[data-recovery-code] li').allTextContents()).join('-')).toBe(code)
    await page.getByRole('button', { name: 'Lock now' }).click()
    await verify(false)
    await page.getByRole('button', { name: 'Unlock' }).click()
    await page.getByText('The passkey was not given').waitFor()
    expect(complaints).toEqual([])
  })
})
