/** Steps that several stories begin with. */
import type { Page } from 'playwright-core'

/** Makes a wallet that this browser opens by itself, and enrols it at every place. */
export async function enrolledWallet(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Be the patient' }).click()
  await page.getByRole('button', { name: 'Make my wallet' }).click()
  await page.getByLabel('I have written it down').check()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'With this browser' }).click()
  await page.getByRole('button', { name: /^Enrol at all/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor({ timeout: 60_000 })
}
