/** The clinician's story: a passkey, a patient without a code, an emergency that the patient sees and a person reviews, a lock. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  barriers,
  browserPath,
  openBrowser,
  openWindow,
  picture,
  type Window,
  withAuthenticator,
} from './browser.testing.ts'
import { charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { enrolledWallet, signedInAt } from './steps.testing.ts'

/** design.md, P8: a summary within three seconds of the click. On a machine that does much else it takes longer: the figure is told. */
const emergencySeconds = 3
/** security: unlock within two seconds, by one touch. */
const unlockSeconds = 2
/** What a busy machine may add before the page is thought to hang. */
const patienceFactor = 10

describe.skipIf(browserPath === undefined)('the clinician’s pages (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser
  let ward: BrowserContext
  let patient: Window
  let clinician: Window
  let verified: (is: boolean) => Promise<void>

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
    const home = await browser.newContext({ locale: 'en-US' })
    ward = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    patient = await openWindow(home, network.link)
    await enrolledWallet(patient.page, charts.clinician)
  })
  afterAll(() => browser?.close())

  test('an employer’s link makes a passkey, and the ledger’s licence and role are shown', async () => {
    clinician = await openWindow(ward, network.link)
    const { page } = clinician
    verified = await withAuthenticator(page)
    await page.getByRole('link', { name: 'Be the clinician' }).click()
    await page.getByRole('button', { name: 'Make a passkey' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-sign-in')
    await page.getByRole('button', { name: 'Make a passkey' }).click()
    await page.getByRole('heading', { level: 1, name: 'Ask for a record' }).waitFor()
    await page.getByText('Licence in force').waitFor()
    await page.getByText(/Emergency physician · NPI \d{10}/).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('a patient without a code is found among those whom the organisation knows, and it is said why', async () => {
    const { page } = clinician
    await page.getByLabel('Name').fill('Nobody Atall')
    await page.getByLabel('Date of birth').fill('1901')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByText('Nobody fits all of that').waitFor()
    await page.getByLabel('Name').fill('')
    await page.getByLabel('Date of birth').fill('')
    await page.getByLabel('A number of the patient’s').fill(charts.clinician)
    await page.getByRole('button', { name: 'Find' }).click()
    const candidate = page.locator('[data-candidate]')
    await candidate.waitFor()
    expect(await candidate.getByText('number', { exact: true }).count()).toBe(1)
    const name = (await candidate.locator('strong').textContent()) ?? ''
    await page.getByLabel('A number of the patient’s').fill('')
    await page.getByLabel('Name').fill(name.toLowerCase())
    await page.getByLabel('Date of birth').fill((await candidate.textContent())?.match(/\d{4}/)?.[0] ?? '')
    await page.getByRole('button', { name: 'Find' }).click()
    await candidate.getByText('year of birth').waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-search')
    await page.getByRole('button', { name: 'This is the patient' }).click()
    await page.getByRole('button', { name: 'Go on without a code' }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('going on without a code opens a summary, and the page says so and why', async () => {
    const { page } = clinician
    await page.getByRole('button', { name: 'Go on without a code' }).click()
    await page.getByRole('heading', { name: 'The first minute' }).waitFor()
    await page.getByText('Summary only: nobody but you says').waitFor()
    await page.getByText('Without a code from the patient every place gives a summary alone').waitFor()
    await expect.poll(() => page.locator('[data-seconds]').count()).toBe(1)
    expect(await page.getByText(/^In part: \d+ records$/).count()).toBeGreaterThan(1)
    expect(await page.getByText(/^Complete:/).count()).toBe(0)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-summary')
  })

  test('asked again, the page says what changed since', async () => {
    const { page } = clinician
    await page.getByRole('button', { name: 'Go on without a code' }).click()
    await page.locator('[data-changes="0"]').waitFor()
    await page.getByText('Nothing changed at the places that gave as much both times').waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('an emergency asks why, needs the passkey again, and gives the first minutes at once', async () => {
    const { page } = clinician
    await page.getByRole('button', { name: 'Emergency' }).click()
    const go = page.getByRole('button', { name: 'Open the summary' })
    expect(await go.isDisabled()).toBe(true)
    await page.getByLabel('The patient is unconscious').check()
    await page.getByLabel('What a reviewer should know').fill('Found at home')
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-emergency-why')
    await go.click()
    await page.getByText('Emergency: the first minutes only').waitFor()
    await expect.poll(() => page.locator('[data-seconds]').count()).toBe(1)
    const seconds = Number(await page.locator('[data-seconds]').getAttribute('data-seconds'))
    console.log(`an emergency summary was there after ${seconds} s; the figure is ${emergencySeconds} s`)
    expect(seconds).toBeLessThan(emergencySeconds * patienceFactor)
    expect(await page.getByText(/^In part: \d+ records$/).count()).toBeGreaterThan(1)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-emergency')
  })

  test('the patient reads at once who called it an emergency, and why', async () => {
    const { page } = patient
    await page.getByText('in an emergency').first().waitFor()
    await page.getByText('They say that you were unconscious').first().waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'looks-emergency')
  })

  test('it waits for a person to look at it, who is not the one who asked', async () => {
    const { page } = clinician
    await page.getByRole('link', { name: 'Reviews' }).click()
    const review = page.locator('[data-review]').filter({ hasText: 'Found at home' })
    await review.waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-reviews')
    await review.getByRole('button', { name: 'Answer' }).click()
    await review.getByLabel('Justified', { exact: true }).check()
    await review.getByLabel('Your name').fill('privacy officer')
    await review.getByRole('button', { name: 'Answer for good' }).click()
    await review.getByText('Whoever asked does not review it').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('link', { name: 'Ask', exact: true }).click()
  })

  test('a person at another place looks at it, and the patient is told what was found', async () => {
    const { page } = await openWindow(ward, network.link)
    const [place] = await placesOf(charts.clinician)
    await signedInAt(page, place?.member ?? '')
    await page.getByRole('link', { name: 'Reviews' }).click()
    const review = page
      .locator('[data-review]')
      .filter({ hasText: charts.clinician })
      .filter({ hasText: `Asked: ${place?.name}` })
    await review.getByText('of emergency-1').waitFor()
    await review.getByRole('button', { name: 'Answer' }).click()
    await review.getByLabel('Not justified', { exact: true }).check()
    await review.getByLabel('Your name').fill('privacy officer')
    await review.getByRole('button', { name: 'Answer for good' }).click()
    await review.waitFor({ state: 'detached' })
    await page.close()
    const look = patient.page.locator('.look').filter({ hasText: 'in an emergency' }).first()
    await look.getByRole('button', { name: 'Details' }).click()
    await look.locator('[data-verdict="unjustified"]').waitFor()
    expect(await barriers(patient.page)).toEqual([])
    await picture(patient.page, 'looks-reviewed')
  })

  /** Where this chart lies, as the front desk knows it. */
  async function placesOf(chart: string): Promise<readonly { readonly name: string; readonly member: string }[]> {
    const { origin, hash } = new URL(network.link)
    const headers = { authorization: `Bearer ${hash.slice('#desk='.length)}` }
    const answer = await fetch(`${origin}/v1/demonstration`, { headers })
    const { patients } = (await answer.json()) as {
      readonly patients: readonly {
        readonly patient: string
        readonly custodians: readonly { readonly name: string; readonly member: string }[]
      }[]
    }
    return patients.find(({ patient: number }) => number === chart)?.custodians ?? []
  }

  test('locked, nothing is left, the session is over, and one touch opens it within seconds', async () => {
    const { page } = clinician
    await lock(page)
    await page.getByRole('heading', { level: 1, name: 'Locked' }).waitFor()
    expect(await page.getByText('The first minute').count()).toBe(0)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-locked')
    const from = performance.now()
    await page.getByRole('button', { name: 'Unlock' }).click()
    await page.getByRole('heading', { level: 1, name: 'Ask for a record' }).waitFor()
    const seconds = (performance.now() - from) / 1000
    console.log(`a touch unlocked in ${seconds.toFixed(2)} s; the figure is ${unlockSeconds} s`)
    expect(seconds).toBeLessThan(unlockSeconds * patienceFactor)
  })

  test('in Spanish and in the dark no page raises a barrier', async () => {
    const { page } = clinician
    await page.getByLabel('Language').selectOption('es')
    await page.getByLabel('Aspecto').selectOption('dark')
    await page.getByLabel('Un número del paciente').fill(charts.clinician)
    await page.getByRole('button', { name: 'Buscar' }).click()
    await page.getByRole('button', { name: 'Es este paciente' }).click()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Urgencia' }).click()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'clinician-es')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Revisiones' }).click()
    await page.locator('[data-review]').first().waitFor()
    expect(await barriers(page)).toEqual([])
    await lock(page)
    await page.getByRole('heading', { level: 1, name: 'Cerrado' }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test('whoever is not the owner of the passkey does not unlock it', async () => {
    const { page } = clinician
    await verified(false)
    await page.getByRole('button', { name: 'Abrir' }).click()
    await page.getByText('No se dio la llave de acceso').waitFor()
    expect(await page.getByRole('heading', { level: 1, name: 'Cerrado' }).count()).toBe(1)
  })

  test('no page ran a script or style that the policy refuses', () => {
    // A door that refuses is told by the browser as well: the review that its own asker answers.
    const complaints = [...patient.complaints, ...clinician.complaints]
    expect(complaints.filter((each) => !each.includes('status of 403'))).toEqual([])
  })
})

/** As another window of the same workstation does when nobody stirs. */
async function lock(page: Page): Promise<void> {
  await page.evaluate('new BroadcastChannel("plexus-lock").postMessage("lock")')
}
