/** The pages in a real browser against a running network: one story, told by each role in turn. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, picture, type Window } from './browser.testing.ts'
import { charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { askForRecord, checkIn, enrolEverywhere } from './steps.testing.ts'

const figureMilliseconds = 250

describe.skipIf(browserPath === undefined)('the pages of a running network (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser
  let context: BrowserContext
  let patient: Window
  let clinician: Window

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    patient = await openWindow(context, network.link)
  })
  afterAll(() => browser?.close())

  test('the first page says who one can be, and its link leaves no key in the address', async () => {
    await patient.page.getByRole('heading', { level: 1, name: 'See who looked' }).waitFor()
    expect(new URL(patient.page.url()).hash).toBe('')
    expect(await barriers(patient.page)).toEqual([])
    await picture(patient.page, 'first')
  })

  test('a patient makes a wallet in the browser and enrols at every place', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Be the patient' }).click()
    await picture(page, 'wallet-begin')
    await page.getByRole('button', { name: 'Make my wallet' }).click()
    expect(await page.locator('[data-recovery-code] li').count()).toBe(14)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'wallet-code')
    await page.getByLabel('I have written it down').check()
    await page.getByRole('button', { name: 'Go on' }).click()
    await picture(page, 'wallet-lock')
    await page.getByRole('button', { name: 'With this browser' }).click()
    await enrolEverywhere(page, charts.stories)
    await page.getByRole('heading', { name: 'Nobody looked' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'looks-empty')
  })

  test('the patient checks in, and the code says nothing but a random name of the visit', async () => {
    const { page } = patient
    await checkIn(page)
    await expect.poll(() => page.locator('[data-visit]').textContent()).toMatch(/^[0-9a-f]{32}$/)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'sharing')
  })

  test('a clinician asks, and sees the record with the state of each source', async () => {
    clinician = await openWindow(context, network.link)
    const { page } = clinician
    await askForRecord(page)
    await page.getByRole('heading', { name: 'The first minute' }).waitFor()
    const sources = page.locator('[data-state]')
    await expect.poll(() => page.locator('[data-state="complete"]').count()).toBeGreaterThan(1)
    expect(await page.locator('.sources [data-state="complete"]').count()).toBe(
      await page.locator('.sources > li').count(),
    )
    expect(await sources.count()).toBeGreaterThan(1)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'bedside')
  })

  test('the patient sees who looked within seconds, and checks a proof without asking the server', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Who looked' }).click()
    await page.getByRole('heading', { name: 'emergency-1 asked for your record' }).waitFor()
    await page.getByRole('button', { name: 'Details' }).first().click()
    await picture(page, 'looks')
    expect(await barriers(page)).toEqual([])
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.getByRole('button', { name: 'Check the proof' }).first().click()
    await page.getByText('The proof holds').waitFor()
    const milliseconds = Number(await page.locator('[data-milliseconds]').getAttribute('data-milliseconds'))
    console.log(
      `a receipt bundle was checked in the browser in ${milliseconds} ms; the figure is ${figureMilliseconds} ms`,
    )
    expect(asked.filter((url) => !/\/(?:mailbox|envelopes|sponsor|organisations)/.test(url))).toEqual([])
    await page.getByText('What is not', { exact: true }).waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'proof')
    await page.keyboard.press('Escape')
  })

  test('the patient reads the own record, each place for itself', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'My record' }).click()
    await page.getByRole('heading', { name: 'Results', exact: true }).waitFor()
    expect(await page.locator('.sources > li[data-tone="good"]').count()).toBe(
      await page.locator('.sources > li').count(),
    )
    expect(await barriers(page)).toEqual([])
    await picture(page, 'record-topics')
    await page.getByText('Timeline', { exact: true }).click()
    await page.locator('.month').first().waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'record-timeline')
  })

  test('the patient sees what would change, signs, and every place follows', async () => {
    const { page } = patient
    await page.getByRole('link', { name: 'Sharing' }).click()
    await page.getByRole('button', { name: 'Close the door' }).click()
    await page.getByText('What would change if you sign').waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'sharing-preview')
    const places = await page.locator('.change tbody tr').count()
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await expect.poll(() => page.getByText('In force').count()).toBe(places)
    await picture(page, 'sharing-signed')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('Closed', { exact: true }).waitFor()
  })

  test('the clinician asks again and is refused everywhere', async () => {
    const { page } = clinician
    await page.getByRole('button', { name: 'Ask for the record' }).click()
    await page.getByText('Every custodian refused').waitFor()
    expect(await page.locator('.sources [data-state="refused"]').count()).toBe(
      await page.locator('.sources > li').count(),
    )
    expect(await barriers(page)).toEqual([])
    await picture(page, 'refused')
  })

  test('the ledger shows blocks and every byte in them, and none of them says who the patient is', async () => {
    const { page } = await openWindow(context, network.link)
    await page.getByRole('link', { name: 'Watch the ledger' }).click()
    await page.locator('.blocks button').first().waitFor()
    const full = page.locator('.blocks button', { hasNotText: 'empty' })
    await full.first().click()
    await page.locator('.noise').first().waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'ledger')
  })

  test('in Spanish and in the dark no page raises a barrier', async () => {
    const { page } = patient
    await page.getByLabel('Language').selectOption('es')
    await page.getByLabel('Aspecto').selectOption('dark')
    for (const name of ['Quién miró', 'Mi historial', 'Compartir', 'Cartera']) {
      await page.getByRole('link', { name }).click()
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await barriers(page)).toEqual([])
    }
    await picture(page, 'wallet-es')
  })

  test('no page ran a script or style that the policy refuses', () => {
    expect([...patient.complaints, ...clinician.complaints]).toEqual([])
  })
})
