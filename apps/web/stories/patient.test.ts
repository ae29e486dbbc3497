/** The patient disputes an entry and an access, which the custodian's people answer, and keeps a topic back. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, picture, type Window } from './browser.testing.ts'
import { charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { askForRecord, checkIn, enrolledWallet, signedInAt } from './steps.testing.ts'

interface Listed {
  readonly id: string
  readonly patient: string
  readonly member: string
  readonly subject: { readonly type: string }
}

const plexusMain = fileURLToPath(new URL('../../cli/src/plexus.ts', import.meta.url))

describe.skipIf(browserPath === undefined)('a patient with something to say (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser
  let context: BrowserContext
  let patient: Window

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    patient = await openWindow(context, network.link)
  })
  afterAll(() => browser?.close())

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
      .map((line) => JSON.parse(line) as Listed)
      // Other stories open cases too.
      .filter(({ patient: chart }) => chart === charts.patient)

  test('an entry is disputed: signed, sent, there, and due in sixty days', async () => {
    const { page } = patient
    await enrolledWallet(page, charts.patient)
    await page.getByRole('link', { name: 'My record' }).click()
    const problems = page.locator('section[aria-labelledby="topic-problems"]')
    await problems.waitFor()
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
    await page.getByText('It is there').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await problems.locator('[data-case="open"]').waitFor()
    expect(await problems.getByText('They must answer by').count()).toBe(1)
    await picture(page, 'case-open')
  })

  test('whoever is given it sees that the patient disputes it', async () => {
    const { page } = patient
    await checkIn(page)
    const clinician = await openWindow(context, network.link)
    await askForRecord(clinician.page)
    const problems = clinician.page.locator('section[aria-labelledby="panel-problems"]')
    const more = problems.getByRole('button', { name: /^Show \d+ more/ })
    if ((await more.count()) > 0) await more.click()
    await clinician.page.getByText('the patient disputes this').first().waitFor()
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
    await page.getByText('It is there').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.locator('.look [data-case="open"]').waitFor()
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
    await denied.getByText('The laboratory confirmed it twice.').waitFor()
    await denied.getByRole('button', { name: 'I still disagree' }).click()
    await page.getByLabel('What is wrong?').fill('That was my sister’s sample.')
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByText('It is there').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('Your statement goes with this entry').first().waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'case-denied')
  })

  test('the other is answered from a screen of the custodian’s staff, and the patient reads it', async () => {
    const told = listed().find(({ subject }) => subject.type === 'access')
    const staff = await openWindow(context, network.link)
    await signedInAt(staff.page, told?.member ?? '')
    await staff.page.getByRole('link', { name: 'Cases' }).click()
    const held = staff.page.locator(`[data-staff-case="${told?.id}"]`)
    await held.getByText('I was at home that day.').waitFor()
    await held.getByRole('button', { name: 'Answer' }).click()
    await held.getByLabel('It was in order').check()
    await held.getByLabel('What the patient reads').fill('You came with your sister.')
    expect(await barriers(staff.page)).toEqual([])
    await picture(staff.page, 'staff-case')
    await held.getByRole('button', { name: 'Sign and send' }).click()
    await held.waitFor({ state: 'detached' })
    await staff.page.getByLabel('Show answered ones too').check()
    await held.getByText('Denied', { exact: true }).waitFor()
    expect(await barriers(staff.page)).toEqual([])
    await picture(staff.page, 'staff-cases')
    expect(staff.complaints).toEqual([])
    await staff.page.close()
    await patient.page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await patient.page.getByText('You came with your sister.').waitFor()
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
      .poll(() =>
        rows
          .locator('td')
          .filter({ hasText: /^\d+ of \d+ entries$/ })
          .count(),
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
    await expect.poll(() => page.getByText('In force').count()).toBe(places)
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('Medicines: not to emergency-1').waitFor()
    await picture(page, 'restrictions')
    await page.getByRole('button', { name: 'Take it back' }).click()
    await rows
      .first()
      .getByText(/^\d+ of \d+ entries$/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => page.getByText('In force').count()).toBe(places)
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('You have made none.').waitFor()
    expect(patient.complaints).toEqual([])
  })
})
