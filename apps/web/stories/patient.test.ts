/** The patient disputes an entry and an access, which the custodian's people answer, and keeps a topic back. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, picture, type Window } from './browser.testing.ts'
import { type RunningDemonstration, setUpMilliseconds, startDemonstration } from './network.testing.ts'

const plexusMain = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

describe.skipIf(browserPath === undefined)('a patient with something to say (needs Chromium)', () => {
  let network: RunningDemonstration
  let browser: Browser
  let context: BrowserContext
  let patient: Window

  beforeAll(async () => {
    network = await startDemonstration()
    browser = await openBrowser()
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    patient = await openWindow(context, network.link)
  }, setUpMilliseconds)
  afterAll(async () => {
    await browser?.close()
    await network?.end()
  })

  /** The commands, as a member's staff types them. */
  function plexus(...words: readonly string[]): string {
    const node = new URL(network.link).origin
    const flags = ['--node', node, '--data', network.data, '--json']
    const ran = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', plexusMain, ...words, ...flags], {
      encoding: 'utf8',
    })
    if (ran.status !== 0) throw new Error(`plexus ${words[0]}: ${ran.stderr}`)
    return ran.stdout
  }
  const listed = () =>
    plexus('cases', 'list')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly id: string; readonly subject: { readonly type: string } })

  test('an entry is disputed: signed, sent, there, and due in sixty days', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Be the patient' }).click()
    await page.getByRole('button', { name: 'Make my wallet' }).click()
    await page.getByLabel('I have written it down').check()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'With this browser' }).click()
    await page.getByRole('button', { name: /^Enrol at all/ }).click()
    await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor({ timeout: 60_000 })
    await page.getByRole('link', { name: 'My record' }).click()
    const problems = page.locator('section[aria-labelledby="topic-problems"]')
    await problems.waitFor({ timeout: 60_000 })
    await problems
      .getByRole('button', { name: /^Not right\?/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByText('Write something').waitFor()
    await page.getByLabel('What is wrong?').fill('I never had this.')
    expect(await barriers(page)).toEqual([])
    await picture(page, 'case-dialog')
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByText('It is there').waitFor({ timeout: 20_000 })
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await problems.locator('[data-case="open"]').waitFor({ timeout: 20_000 })
    expect(await problems.getByText('They must answer by').count()).toBe(1)
    await picture(page, 'case-open')
  })

  test('whoever is given it sees that the patient disputes it', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Sharing' }).click()
    await page.getByRole('button', { name: 'Check in at emergency-1' }).click()
    await page.locator('[data-visit]').waitFor({ timeout: 20_000 })
    const clinician = await openWindow(context, network.link)
    await clinician.page.getByRole('link', { name: 'Be the clinician' }).click()
    await clinician.page.getByRole('button', { name: 'Sign in' }).click()
    await clinician.page.getByRole('button', { name: 'Scan the waiting patient' }).click()
    await clinician.page.getByRole('button', { name: 'Ask for the record' }).click()
    const problems = clinician.page.locator('section[aria-labelledby="panel-problems"]')
    await clinician.page.getByText(/^[\d.]+ s from the click$/).waitFor({ timeout: 60_000 })
    const more = problems.getByRole('button', { name: /^Show \d+ more/ })
    if ((await more.count()) > 0) await more.click()
    await clinician.page.getByText('the patient disputes this').first().waitFor({ timeout: 60_000 })
    expect(await clinician.page.getByText('I never had this.').count()).toBe(0)
    expect(await barriers(clinician.page)).toEqual([])
    await clinician.page.close()
  })

  test('an access is complained about at its custodian', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Who looked' }).click()
    await page.getByRole('button', { name: 'Details' }).first().click()
    await page.getByRole('button', { name: 'This is wrong' }).first().click()
    await page.getByLabel('What is wrong?').fill('I was at home that day.')
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByText('It is there').waitFor({ timeout: 20_000 })
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.locator('.look [data-case="open"]').waitFor({ timeout: 20_000 })
    expect(await barriers(page)).toEqual([])
    await picture(page, 'case-access')
  })

  test('the staff lists both and denies one; the patient reads why, and disagrees', async () => {
    const { page } = patient
    const cases = listed()
    expect(cases.map(({ subject }) => subject.type).sort()).toEqual(['access', 'record'])
    const id = cases.find(({ subject }) => subject.type === 'record')?.id ?? ''
    plexus('cases', 'answer', id, '--deny', 'accurate-and-complete', '--words', 'The laboratory confirmed it twice.')
    await page.getByRole('link', { name: 'My record' }).click()
    const denied = page.locator('[data-case="denied"]').first()
    await denied.getByText('The laboratory confirmed it twice.').waitFor({ timeout: 30_000 })
    await denied.getByRole('button', { name: 'I still disagree' }).click()
    await page.getByLabel('What is wrong?').fill('That was my sister’s sample.')
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByText('It is there').waitFor({ timeout: 20_000 })
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('Your statement goes with this entry').first().waitFor({ timeout: 20_000 })
    expect(await barriers(page)).toEqual([])
    await picture(page, 'case-denied')
  })

  test('a topic is kept back at every place: counted before it is signed, in force after, and taken back', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Sharing' }).click()
    await page.getByRole('button', { name: 'Add a restriction' }).click()
    await page.getByLabel('What', { exact: true }).selectOption('medications')
    await page.getByLabel('To whom').selectOption('emergency-1')
    expect(await barriers(page)).toEqual([])
    await picture(page, 'restriction-form')
    await page.getByRole('button', { name: 'Show what would change' }).click()
    const rows = page.locator('.change tbody tr')
    const places = await rows.count()
    // Before and after, of each place: they come as the places answer, and not each of them holds medicines.
    await expect
      .poll(
        () =>
          rows
            .locator('td')
            .filter({ hasText: /^\d+ of \d+ entries$/ })
            .count(),
        { timeout: 60_000 },
      )
      .toBe(2 * places)
    const counts = (await rows.locator('td').allTextContents()).flatMap((text) => {
      const [, count] = /^(\d+) of \d+ entries$/.exec(text) ?? []
      return count === undefined ? [] : [Number(count)]
    })
    const [before, after] = [0, 1].map((column) =>
      counts.filter((_, index) => index % 2 === column).reduce((sum, count) => sum + count, 0),
    )
    expect(after).toBeLessThan(before ?? 0)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'restriction-preview')
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => page.getByText('In force').count(), { timeout: 60_000 }).toBe(places)
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('Medicines: not to emergency-1').waitFor()
    await picture(page, 'restrictions')
    await page.getByRole('button', { name: 'Take it back' }).click()
    await rows
      .first()
      .getByText(/^\d+ of \d+ entries$/)
      .first()
      .waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => page.getByText('In force').count(), { timeout: 60_000 }).toBe(places)
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('You have made none.').waitFor()
    expect(patient.complaints).toEqual([])
  })
})
