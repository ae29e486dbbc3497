/** A page in both themes and languages and at two widths. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { barriers, picture } from './browser.testing.ts'

/** Each language meets each theme and each width, and so does each theme. The last is what a story goes on with. */
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
export const isTooWide = 'document.scrollingElement.scrollWidth > window.innerWidth'

/** Held against WCAG in every look; the page is left in the last. */
export async function look(page: Page, where: string): Promise<void> {
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
