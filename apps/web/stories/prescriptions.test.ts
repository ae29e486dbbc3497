/** What is prescribed to a wallet in the browser: keys for the practice, one pharmacy chosen, another one, and what it dispensed. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, picture, type Window } from './browser.testing.ts'
import { look } from './looks.testing.ts'
import { asStaff, charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { enrolledWallet } from './steps.testing.ts'

const [first, second] = ['hospital-5', 'hospital-6'] as const
const amoxicillin = { system: 'rxnorm', code: '308191', display: 'Amoxicillin 500 MG Oral Capsule' }

/** What this browser keeps, written as the version before this one wrote it. */
const asFormer = `(async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const database = await done(indexedDB.open('plexus'))
  const store = () => database.transaction('wallets', 'readwrite').objectStore('wallets')
  const [chain] = await done(store().getAllKeys())
  const { lock, sealed } = await done(store().get(chain))
  const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.nonce }, lock.key, sealed.bytes)
  const file = { ...JSON.parse(new TextDecoder().decode(opened)), version: 1, state: 'YQ' }
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const text = new TextEncoder().encode(JSON.stringify(file))
  const bytes = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, lock.key, text))
  await done(store().put({ lock, sealed: { nonce, bytes } }, chain))
  database.close()
})()`

describe.skipIf(browserPath === undefined)('a patient’s prescriptions (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser
  let context: BrowserContext
  let patient: Window
  let npi = ''
  let pharmacist = ''
  let handle = ''

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    patient = await openWindow(context, network.link)
    npi = await employed('emergency-1')
    pharmacist = await employed(second)
  })
  afterAll(() => browser?.close())

  /** Somebody who works there, as the demonstration's desk signs one in. */
  async function employed(member: string): Promise<string> {
    const { origin, hash } = new URL(network.link)
    const response = await fetch(`${origin}/v1/demonstration/sign-in`, {
      method: 'POST',
      headers: { authorization: `Bearer ${hash.slice('#desk='.length)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ member }),
    })
    return ((await response.json()) as { readonly npi: string }).npi
  }

  const rx = (member: string, ...words: readonly string[]) => asStaff(network, member, 'rx', ...words)
  const has = (member: string): boolean =>
    rx(member, 'list').said.items.some((each: { readonly handle: string }) => each.handle === handle)

  test('with none yet the page says how they come, and gives a practice what it needs', async () => {
    const { page } = patient
    await enrolledWallet(page, charts.prescriptions)
    await page.getByRole('link', { name: 'Medicines' }).click()
    await page.getByText('Nothing was prescribed to this wallet yet.').waitFor()
    await look(page, 'prescriptions-empty')
    await page.getByRole('button', { name: 'Give keys' }).click()
    await page.locator('[data-keys]').waitFor()
    await look(page, 'prescriptions-keys')
    const keys = JSON.parse(await page.locator('[data-keys]').inputValue())
    expect(keys.keys).toHaveLength(1)

    const order = join(network.data, 'order-of-the-page.json')
    const line = { drug: amoxicillin, quantity: 30, unit: '{cap}', directions: 'One capsule three times a day.' }
    writeFileSync(
      order,
      JSON.stringify({
        ...{ organisation: 'emergency-1', order: 'of the page', npi, dayLagMinutes: 1_140, patient: keys },
        lines: [{ ...line, lastsDays: 30 }],
      }),
    )
    const signed = rx('emergency-1', 'sign', order)
    expect(signed.refusal).toBeNull()
    handle = signed.said.handles[0]
    await page.locator(`[data-item="${handle}"][data-status="signed"]`).waitFor()
    await page.getByText('30 capsules').waitFor()
  })

  test('a pharmacy is chosen after the patient saw what would change: it sees the item, and no other does', async () => {
    const { page } = patient
    await page.getByRole('button', { name: 'Choose a pharmacy' }).press('Enter')
    await page.getByLabel('Pharmacy').selectOption(first)
    await page.getByRole('cell', { name: 'sees what was prescribed, and may fill it' }).waitFor()
    await look(page, 'prescriptions-preview')
    await page.getByRole('button', { name: 'Sign', exact: true }).press('Enter')
    await page
      .getByRole('status')
      .getByText(/which may fill it now/)
      .waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    expect([has(first), has(second)]).toEqual([true, false])
  })

  test('another one is chosen before the first claims it, and what it dispenses is shown', async () => {
    const { page } = patient
    await page.getByRole('button', { name: 'Move to another pharmacy' }).click()
    await page.getByLabel('Pharmacy').selectOption(first)
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await page.getByText('That pharmacy may fill it already.').waitFor()
    await page.getByLabel('Pharmacy').selectOption(second)
    await page.getByRole('cell', { name: 'can fill nothing of it' }).waitFor()
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await page
      .getByRole('status')
      .getByText(/which may fill it now/)
      .waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    expect(rx(first, 'claim', handle).refusal).toBe('not-its-key')
    expect(rx(second, 'claim', handle).refusal).toBeNull()
    await page.getByText('To move it, ask the pharmacy that has it to let it go.').waitFor()
    const bottle = ['--product', 'ndc:00093-3109-01:Amoxicillin 500 mg', '--lot', 'L-77', '--pharmacist', pharmacist]
    expect(rx(second, 'fill', handle, '--quantity', '20', ...bottle).refusal).toBeNull()
    await page.locator('[data-fill="holds"]').waitFor()
    await page.getByText('20 of 30 filled', { exact: true }).waitFor()
    await look(page, 'prescriptions')
  })

  test('a wallet that a former version kept comes back with them, and says so', async () => {
    const { page } = patient
    const { origin } = new URL(network.link)
    // Of this origin, and none of the pages: nothing there keeps the wallet meanwhile.
    await page.goto(`${origin}/v1/members`)
    await page.evaluate(asFormer)
    await page.goto(`${origin}/#/patient/prescriptions`)
    await page.getByRole('heading', { level: 1, name: 'Your wallet comes back' }).waitFor()
    await page.getByText('A former version of this page kept your wallet.').waitFor()
    await page.locator('[data-places] > li').first().waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.locator(`[data-item="${handle}"] [data-fill="holds"]`).waitFor()
    await page.getByText('A pharmacy has it; this wallet does not know which.').waitFor()
  })

  test('in Spanish, in the dark and without a node the page stays readable, and the browser complains of nothing', async () => {
    const { page, complaints } = patient
    await page.getByLabel('Language').selectOption('es')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.getByRole('heading', { level: 1, name: 'Recetas' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'prescriptions-es')
    // The browser reports each handle that was asked for and never opened: that is how the wallet learnt where it is not.
    expect(complaints.filter((each) => !each.includes('404'))).toEqual([])
    await context.setOffline(true)
    await page.getByText('El nodo no responde.').first().waitFor()
    await page.getByText('20 de 30 dispensados', { exact: true }).waitFor()
    expect(await barriers(page)).toEqual([])
  })
})
