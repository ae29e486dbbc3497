/** Steps that several stories begin with. */
import type { Page } from 'playwright-core'

/** Makes a wallet that this browser opens by itself, and enrols it at every place that has this chart. */
export async function enrolledWallet(page: Page, chart: string): Promise<void> {
  await page.getByRole('link', { name: 'Be the patient' }).click()
  await page.getByRole('button', { name: 'Make my wallet' }).click()
  await page.getByLabel('I have written it down').check()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'With this browser' }).click()
  await enrolEverywhere(page, chart)
}

export async function enrolEverywhere(page: Page, chart: string): Promise<void> {
  await page.getByLabel('You play the patient of').selectOption(chart)
  await page.getByRole('button', { name: /^Enrol at all/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor()
}

/** Checks in at the emergency department: the visit's code is then where the clinician's page finds it. */
export async function checkIn(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Sharing' }).click()
  await page.getByRole('button', { name: 'Check in at emergency-1' }).click()
  await page.locator('[data-visit]').waitFor()
}

/** Signs somebody in who works at this member. */
export async function signedInAt(page: Page, member: string): Promise<void> {
  await page.getByRole('link', { name: 'Be the clinician' }).click()
  await page.getByLabel('You work at').selectOption(member)
  await page.getByRole('button', { name: 'Sign in without one' }).click()
  await page.getByRole('link', { name: 'Reviews' }).waitFor()
}

/** Signs the clinician in, and asks for the record of whoever checked in. */
export async function askForRecord(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Be the clinician' }).click()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Scan the waiting patient' }).click()
  await page.getByRole('button', { name: 'Ask for the record' }).click()
  await page.getByText(/^[\d.]+ s from the click$/).waitFor()
}
