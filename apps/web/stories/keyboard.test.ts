/** Both roles' stories without a pointer: everything is reached by Tab, does its work by Enter or Space, and shows where one is. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, openBrowser, openWindow, type Window } from './browser.testing.ts'
import { charts, demonstration } from './network.testing.ts'

/** More stops than any page has before what a story needs. */
const stopsMax = 120
/** More stops than a dialog of a story has. */
const dialogStops = 20

/** The name of what has the focus, whether a person can see that it has, and that nothing lies over it (WCAG 2.2, 2.4.7 and 2.4.11). */
const focused = `(() => {
  const at = document.activeElement
  if (!at || at === document.body) return { name: '', seen: true, clear: true }
  const label = at.labels && at.labels[0]
  // A choice that is drawn by its label alone has no size of its own.
  const drawn = label && at.getBoundingClientRect().width < 2 ? label : at
  const { outlineStyle, outlineWidth } = getComputedStyle(drawn)
  const { left, top, width, height } = drawn.getBoundingClientRect()
  const over = document.elementFromPoint(left + width / 2, top + height / 2)
  return {
    name: (at.getAttribute('aria-label') || (label && label.textContent) || at.textContent || '').trim(),
    seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    clear: over !== null && (drawn.contains(over) || over.contains(drawn)),
  }
})()`

interface Focus {
  readonly name: string
  readonly seen: boolean
  readonly clear: boolean
}

const focusOf = async (page: Page): Promise<Focus> => (await page.evaluate(focused)) as Focus

async function reach(page: Page, name: RegExp, key: 'Shift+Tab' | 'Tab' = 'Tab'): Promise<void> {
  const passed: string[] = []
  for (let stop = 0; stop < stopsMax; stop++) {
    await page.keyboard.press(key)
    const at = await focusOf(page)
    expect(at).toMatchObject({ seen: true, clear: true })
    if (name.test(at.name)) return
    passed.push(at.name.slice(0, 30))
  }
  throw new Error(`Tab does not lead to ${name}: ${passed.join(' / ')}`)
}

async function choose(page: Page, name: RegExp, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
  await reach(page, name)
  await page.keyboard.press(key)
}

/** Tab stays within the dialog that is open, and Escape gives the focus back to what opened it. */
async function leaveDialog(page: Page, opener: RegExp): Promise<void> {
  for (let stop = 0; stop < dialogStops; stop++) {
    await page.keyboard.press('Tab')
    // Between its last stop and its first, the browser's own bar has the focus.
    expect(
      await page.evaluate(
        `document.activeElement.closest('dialog') !== null || document.activeElement === document.body`,
      ),
    ).toBe(true)
  }
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
  expect((await focusOf(page)).name).toMatch(opener)
}

/** What a hand can click and Tab does not lead to: nothing may be there. */
const pointerOnly = `[...document.querySelectorAll('main *, header *, nav *')].filter((each) =>
  getComputedStyle(each).cursor === 'pointer' && each.checkVisibility() &&
  !each.closest('a[href], button, input, select, textarea, label, summary')
).map((each) => each.outerHTML.slice(0, 120))`

describe.skipIf(browserPath === undefined)('by keyboard alone (needs Chromium)', () => {
  let browser: Browser
  let patient: Window
  let clinician: Window

  beforeAll(async () => {
    browser = await openBrowser()
    const context = await browser.newContext({ locale: 'en-US' })
    patient = await openWindow(context, demonstration().link)
    clinician = await openWindow(context, demonstration().link)
  })
  afterAll(() => browser?.close())

  test('the first stop leads past the head of the page', async () => {
    const { page } = patient
    await page.getByRole('heading', { level: 1, name: 'See who looked' }).waitFor()
    await choose(page, /^Skip to the page$/)
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
  })

  test('a patient makes a wallet, enrols and checks in', async () => {
    const { page } = patient
    await choose(page, /^Be the patient/)
    await page.getByRole('button', { name: 'Make my wallet' }).waitFor()
    await choose(page, /^Make my wallet$/)
    await choose(page, /written it down/, 'Space')
    await choose(page, /^Go on$/)
    await choose(page, /^With this browser/)
    await page.getByRole('button', { name: /^Enrol at all/ }).waitFor()
    await reach(page, /^You play the patient of/)
    await page.keyboard.type(`Chart ${charts.keyboard.slice(0, 8)}`)
    await choose(page, /^Enrol at all/)
    await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor()
    expect(await page.evaluate(pointerOnly)).toEqual([])
    await choose(page, /^Sharing$/)
    await page.getByRole('heading', { level: 1, name: 'Sharing' }).waitFor()
    await choose(page, /^Check in at emergency-1$/)
    await page.locator('[data-visit]').waitFor()
    expect(await page.evaluate(pointerOnly)).toEqual([])
  })

  test('a clinician signs in, asks and unfolds what came', async () => {
    const { page } = clinician
    await choose(page, /^Be the clinician/)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await choose(page, /^Sign in without/)
    await page.getByRole('button', { name: 'Scan the waiting patient' }).waitFor()
    await choose(page, /^Scan the waiting patient/)
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.locator('[data-seconds]').waitFor()
    expect(await page.evaluate(pointerOnly)).toEqual([])
    const more = page.getByRole('button', { name: /^Show \d+ more/ })
    const before = await more.count()
    await choose(page, /^Show \d+ more$/)
    expect(await more.count()).toBe(before - 1)
    // What was unfolded is the next that Tab comes to, and the focus is not thrown back to the head of the page.
    expect(await page.evaluate('document.activeElement !== document.body')).toBe(true)
  })

  test('an emergency is called by keyboard, and its dialog keeps the focus', async () => {
    const { page } = clinician
    await reach(page, /^A number of the patient/)
    await page.keyboard.type(charts.keyboard)
    await page.keyboard.press('Enter')
    await page.locator('[data-candidate]').waitFor()
    await choose(page, /^This is the patient$/)
    await choose(page, /^Emergency$/)
    await leaveDialog(page, /^Emergency$/)
    await page.keyboard.press('Enter')
    await reach(page, /^The patient/)
    await page.keyboard.press('Space')
    await choose(page, /^Open the summary$/)
    await page.getByText('Emergency: the first minutes only').waitFor()
    await page.locator('[data-seconds]').waitFor()
  })

  test('the patient checks a proof, and comes back to where the dialog was opened', async () => {
    const { page } = patient
    await choose(page, /^Who looked$/)
    await page.getByRole('heading', { name: 'emergency-1 asked for your record' }).first().waitFor()
    await choose(page, /^Details$/)
    await choose(page, /^Check the proof$/)
    await page.getByText('The proof holds').waitFor()
    await leaveDialog(page, /^Check the proof$/)
    expect(await page.evaluate(pointerOnly)).toEqual([])
  })

  test('the patient reads the record by topic and by time, and disputes an entry', async () => {
    const { page } = patient
    await choose(page, /^My record$/)
    await page.locator('#topic-results').waitFor()
    await reach(page, /^By topic$/)
    await page.keyboard.press('ArrowRight')
    await page.locator('.month').first().waitFor()
    await choose(page, /^Not right\?/)
    await reach(page, /^What is wrong/)
    await page.keyboard.type('I never had this.')
    await choose(page, /^Sign and send$/)
    await page.getByText('It is there').waitFor()
    await leaveDialog(page, /./)
  })

  test('the patient closes the door', async () => {
    const { page } = patient
    // Out of the long list the way back is the short one.
    await reach(page, /^Sharing$/, 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Close the door' }).waitFor()
    await choose(page, /^Close the door$/)
    await page.getByText('What would change if you sign').waitFor()
    const places = await page.locator('.change tbody tr').count()
    await choose(page, /^Sign$/)
    await expect.poll(() => page.getByText('In force').count()).toBe(places)
    await page.keyboard.press('Escape')
    await page.getByText('Closed', { exact: true }).waitFor()
  })

  test('nothing was complained about', () => {
    expect([...patient.complaints, ...clinician.complaints]).toEqual([])
  })
})
