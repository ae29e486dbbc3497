/** The bottle's story with the wallet of this browser as its patient: the desk plays everybody else, act after act. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, type Window } from './browser.testing.ts'
import { look } from './looks.testing.ts'
import { charts, demonstration } from './network.testing.ts'
import { enrolledWallet } from './steps.testing.ts'

describe.skipIf(browserPath === undefined)('the bottle’s story (needs Chromium)', () => {
  let browser: Browser
  let context: BrowserContext
  let patient: Window

  beforeAll(async () => {
    browser = await openBrowser()
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    patient = await openWindow(context, demonstration().link)
  })
  afterAll(() => browser?.close())

  const story = (page: Page) => page.getByRole('region', { name: 'The bottle’s story' })
  const act = (page: Page, name: string) => story(page).getByRole('button', { name })
  const doneSteps = (page: Page) => story(page).locator('[data-state="done"]').count()

  test('it begins among the medicines: a bottle is made and shipped, and a prescription reaches the wallet', async () => {
    const { page } = patient
    await enrolledWallet(page, charts.bottle)
    expect(await story(page).count()).toBe(0)
    await page.getByRole('link', { name: 'Medicines' }).click()
    await act(page, 'The maker ships a bottle').waitFor()
    await look(page, 'bottle-begin')
    await act(page, 'The maker ships a bottle').press('Enter')
    await story(page).getByText('24 bottles were made').waitFor()
    await act(page, 'The clinician prescribes').press('Enter')
    await story(page)
      .getByText(/choose .+, where the bottle stands/)
      .waitFor()
    await page.getByText('30 tablets', { exact: true }).waitFor()
    expect(await doneSteps(page)).toBe(2)
    expect(await page.getByRole('region', { name: 'The story', exact: true }).count()).toBe(0)
    await look(page, 'bottle-prescribed')
  })

  test('the patient chooses the pharmacy that has the bottle, and it is handed out once', async () => {
    const { page } = patient
    await page.getByRole('button', { name: 'Choose a pharmacy' }).click()
    const asked = (await story(page).getByRole('status').textContent()) ?? ''
    const [, name = ''] = /choose (.+), where the bottle stands/.exec(asked) ?? []
    await page.getByLabel('Pharmacy', { exact: true }).selectOption({ label: name })
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await page
      .getByRole('status')
      .getByText(/which may fill it now/)
      .waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await act(page, 'The pharmacy hands it out').press('Enter')
    await page.getByText('20 of 30 filled', { exact: true }).waitFor()
    await act(page, 'Show its label elsewhere').press('Enter')
    await story(page).getByText('learnt that its bottle is dispensed').waitFor()
    expect(await doneSteps(page)).toBe(5)
    await page.reload()
    await page.locator('[data-fill="holds"]').waitFor()
    await expect.poll(() => doneSteps(page)).toBe(5)
  })

  test('the maker recalls it, the wallet says so, and the story goes along to the ledger', async () => {
    const { page } = patient
    await act(page, 'The maker recalls it').press('Enter')
    await page.locator('[data-recall]').waitFor()
    await expect.poll(() => doneSteps(page)).toBe(6)
    await look(page, 'bottle-recalled')
    await page.getByRole('link', { name: 'Ledger', exact: true }).click()
    await page.locator('.blocks button').first().waitFor()
    expect(await doneSteps(page)).toBe(6)
    expect(await barriers(page)).toEqual([])
  })

  test('another visitor begins anew, and an act of the story before is refused', async () => {
    const { origin, hash } = new URL(demonstration().link)
    const play = async (name: string) => {
      const response = await fetch(`${origin}/v1/demonstration/bottle`, {
        method: 'POST',
        headers: { authorization: `Bearer ${hash.slice('#desk='.length)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ act: name }),
      })
      return response.json()
    }
    expect(await play('make')).toMatchObject({ facts: { units: 24 } })
    expect(await play('fill')).toMatchObject({ refused: 'not-its-turn' })
    // A handle that was asked for before it was opened is a 404, which the browser reports.
    expect(patient.complaints.filter((each) => !each.includes('404'))).toEqual([])
  })
})
