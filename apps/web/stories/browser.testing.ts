/** A real Chromium for the stories: Debian's package, or the one that PLEXUS_CHROMIUM names. */
import { existsSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const places = [
  process.env['PLEXUS_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Undefined where there is none: then the stories are skipped by name. */
export const browserPath: string | undefined = places.find((path) => path !== '' && existsSync(path))

export const openBrowser = (): Promise<Browser> =>
  // The sandbox wants a user who is not root; these pages come from this machine.
  chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox', '--disable-gpu'] })

/** On a machine that does much else a step takes long; one that takes longer than this does not come. */
const stepMilliseconds = 60_000
/** Well within the two minutes after which the pages lock. */
const stirMilliseconds = 20_000

/** Somebody stirs in the window for as long as the story goes on elsewhere. The idle lock has a story of its own. */
function attended(page: Page): void {
  const stir = `document.dispatchEvent(new Event('pointermove'))`
  const timer = setInterval(() => void page.evaluate(stir).catch(() => {}), stirMilliseconds).unref()
  page.once('close', () => clearInterval(timer))
}

export interface Window {
  readonly page: Page
  /** What the browser complained about: refused scripts and styles, exceptions. */
  readonly complaints: string[]
}

export async function openWindow(context: BrowserContext, link: string): Promise<Window> {
  const page = await context.newPage()
  page.setDefaultTimeout(stepMilliseconds)
  attended(page)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) =>
    complaints.push(`${error.message} ${process.env['PLEXUS_PICTURES'] ? error.stack : ''}`),
  )
  await page.goto(link)
  return { page, complaints }
}

/** WCAG 2.2 A and AA, as far as a machine can tell: what is wrong, and where. */
export async function barriers(page: Page): Promise<readonly string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  // Months are alike: the first stands for all, of which there are a hundred.
  const { violations } = await new AxeBuilder({ page }).withTags(tags).exclude('.month ~ .month').analyze()
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  )
}

/** Another width moves everything: the page's own jump to what came is made again. */
const whereTaken = `document.activeElement.matches('h2[tabindex]') && document.activeElement.scrollIntoView()`

/** Kept where PLEXUS_PICTURES names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['PLEXUS_PICTURES']
  if (!folder) return
  for (const [look, colorScheme] of [
    ['light', 'light'],
    ['dark', 'dark'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 1100 })
      await page.evaluate(whereTaken)
      await page.screenshot({ path: `${folder}/${name}-${look}-${width}.png` })
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: 900 })
}

/** What a printer would be given now: its first sheet, and all of them as PDF. */
export async function paper(page: Page, name: string): Promise<void> {
  const folder = process.env['PLEXUS_PICTURES']
  if (!folder) return
  await page.screenshot({ path: `${folder}/${name}.png` })
  await page.pdf({ path: `${folder}/${name}.pdf`, format: 'A4' })
}

/** An authenticator with the extension `prf`, played by the browser. */
export async function withAuthenticator(page: Page): Promise<(verified: boolean) => Promise<void>> {
  const tools = await page.context().newCDPSession(page)
  await tools.send('WebAuthn.enable')
  const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf: true,
      isUserVerified: true,
    },
  })
  return async (isUserVerified) => {
    await tools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
  }
}
