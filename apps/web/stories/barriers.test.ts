/** Every page and dialog of each role in both themes and languages and at two widths, held against WCAG 2.2 A and AA as far as a machine can tell. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, paper, picture } from './browser.testing.ts'
import { charts, demonstration } from './network.testing.ts'
import { checkIn, enrolEverywhere } from './steps.testing.ts'

/** Each language meets each theme and each width, and so does each theme. The last is what the story goes on with. */
const looks = [
  ['es', 'dark', 390],
  ['es', 'light', 1440],
  ['en', 'dark', 1440],
  ['en', 'light', 390],
] as const

/** By the page's own choice of language, also while a dialog keeps hands off it. */
const speak = (language: string): string => `(() => {
  const choice = document.querySelector('.choices select')
  choice.value = '${language}'
  choice.dispatchEvent(new Event('change', { bubbles: true }))
})()`
const spoken = 'document.documentElement.lang'
/** WCAG 2.2, 1.4.10: nothing has to be scrolled for sideways. */
const isTooWide = 'document.scrollingElement.scrollWidth > window.innerWidth'

async function look(page: Page, where: string): Promise<void> {
  const found: string[] = []
  for (const [language, colorScheme, width] of looks) {
    const at = `${where}, ${language}, ${colorScheme}, ${width}`
    await page.setViewportSize({ width, height: 844 })
    await page.emulateMedia({ colorScheme })
    await page.evaluate(speak(language))
    await expect.poll(() => page.evaluate(spoken)).toBe(language)
    found.push(...(await barriers(page)).map((each) => `${at}: ${each}`))
    if (await page.evaluate(isTooWide)) found.push(`${at}: wider than the window`)
  }
  expect(found).toEqual([])
  await picture(page, where)
}

describe.skipIf(browserPath === undefined)('there are no barriers (needs Chromium)', () => {
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    browser = await openBrowser()
    const context = await browser.newContext({ locale: 'en-US' })
    ;({ page } = await openWindow(context, demonstration().link))
  })
  afterAll(() => browser?.close())

  test('from the first page to a wallet that is enrolled', async () => {
    await page.getByRole('heading', { level: 1, name: 'See who looked' }).waitFor()
    await look(page, 'first')
    await page.getByRole('link', { name: 'Be the patient' }).click()
    await page.getByRole('button', { name: 'I have a recovery code' }).click()
    await page.getByLabel('Recovery code').fill('AAAA')
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await page.getByText('fourteen groups of four').waitFor()
    await look(page, 'recovery')
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await look(page, 'wallet-begin')
    await page.getByRole('button', { name: 'Make my wallet' }).click()
    await look(page, 'wallet-code')
    await page.getByLabel('I have written it down').check()
    await page.getByRole('button', { name: 'Go on' }).click()
    await look(page, 'wallet-lock')
    await page.getByRole('button', { name: 'With this browser' }).click()
    await page.getByRole('button', { name: /^Enrol at all/ }).waitFor()
    await look(page, 'wallet-enrol')
    await enrolEverywhere(page, charts.barriers)
    await look(page, 'looks-none')
  })

  test('in the record, by topic and by time, and in what is said against it', async () => {
    await page.getByRole('link', { name: 'My record' }).click()
    await page.locator('#topic-results').waitFor()
    await look(page, 'record-topics')
    await page
      .getByRole('button', { name: /^Not right\?/ })
      .first()
      .click()
    await page.getByLabel('What is wrong?').waitFor()
    await look(page, 'record-dispute')
    await page.keyboard.press('Escape')
    await page.getByText('Timeline', { exact: true }).click()
    await page.locator('.month').first().waitFor()
    await look(page, 'record-timeline')
  })

  test('on paper, which is white under either theme, and says whose record it is', async () => {
    await page.evaluate('window.print = () => {}')
    await page.getByRole('button', { name: 'Print, or save as PDF' }).click()
    // A sheet of A4 or Letter between its margins.
    await page.setViewportSize({ width: 690, height: 1000 })
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    await page.getByRole('heading', { level: 1, name: 'My health record' }).waitFor()
    expect(await page.locator('.owner').textContent()).toMatch(/^[A-Z]\S+ .+, born \w+ \d+, \d{4}$/)
    expect(await page.getByRole('heading', { level: 1, name: 'My record' }).isVisible()).toBe(false)
    expect(await barriers(page)).toEqual([])
    expect(await page.evaluate(isTooWide)).toBe(false)
    await paper(page, 'record-printed')
    await page.emulateMedia({ media: 'screen' })
    await page.evaluate(`window.dispatchEvent(new Event('afterprint'))`)
    await page.getByRole('heading', { level: 1, name: 'My record' }).waitFor()
  })

  test('in sharing and its dialogs', async () => {
    await checkIn(page)
    await look(page, 'sharing')
    await page.getByRole('button', { name: 'Close the door' }).first().click()
    await page.getByText('What would change if you sign').waitFor()
    await look(page, 'sharing-preview')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Add a restriction' }).click()
    await page.getByLabel('What', { exact: true }).waitFor()
    await look(page, 'restriction')
    await page.keyboard.press('Escape')
  })

  test('at the bedside, without a code, in an emergency, and in its review', async () => {
    await page.getByRole('link', { name: 'Clinician', exact: true }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await look(page, 'clinician-sign-in')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('A number of the patient’s').fill(charts.barriers)
    await page.getByRole('button', { name: 'Find' }).click()
    await page.locator('[data-candidate]').waitFor()
    await look(page, 'clinician-search')
    await page.getByRole('button', { name: 'This is the patient' }).click()
    await page.getByRole('button', { name: 'Emergency' }).click()
    await page.getByLabel('Life is in danger').check()
    await page.getByLabel('What a reviewer should know').fill('Bleeding')
    await look(page, 'clinician-emergency-why')
    await page.getByRole('button', { name: 'Open the summary' }).click()
    await page.locator('[data-seconds]').waitFor()
    await look(page, 'clinician-emergency')
    await page.getByRole('button', { name: 'Scan the waiting patient' }).click()
    await page.getByRole('button', { name: 'Ask for the record' }).click()
    await page.locator('[data-seconds]').waitFor({ state: 'detached' })
    await page.locator('[data-seconds]').waitFor()
    await look(page, 'bedside')
    await page.getByRole('link', { name: 'Reviews' }).click()
    const review = page.locator('[data-review]').filter({ hasText: 'Bleeding' })
    await review.getByRole('button', { name: 'Answer' }).click()
    await look(page, 'clinician-reviews')
    await page.getByRole('link', { name: 'Cases' }).click()
    await page.getByText('No case waits').waitFor()
    await look(page, 'staff-cases-none')
  })

  test('in who looked, in a proof, in the wallet, and in the ledger', async () => {
    await page.getByRole('link', { name: 'Patient', exact: true }).click()
    await page.getByText('in an emergency').first().waitFor()
    await page.getByRole('button', { name: 'Details' }).first().click()
    await look(page, 'looks')
    await page.getByRole('button', { name: 'Check the proof' }).first().click()
    await page.getByText('The proof holds').waitFor()
    await look(page, 'proof')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await page.getByRole('button', { name: 'Show the recovery code' }).click()
    await look(page, 'wallet')
    await page.getByRole('button', { name: 'Lock now' }).click()
    await page.getByRole('heading', { level: 1, name: 'Locked' }).waitFor()
    await look(page, 'locked')
    await page.getByRole('link', { name: 'Ledger', exact: true }).click()
    await page.locator('.blocks button').filter({ hasNotText: 'empty' }).first().click()
    await page.locator('.noise').first().waitFor()
    await look(page, 'ledger')
  })
})
