/** A real Chromium for the suites of the pages: Debian's package, or the one that PLEXUS_CHROMIUM names. */
import { existsSync } from 'node:fs'
import type { Browser, CDPSession, Page } from 'playwright-core'

const places = [process.env['PLEXUS_CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser']

/** Undefined where there is none. */
export const browserPath: string | undefined = places.find((path) => path !== '' && existsSync(path))

/** A page that is slower than this waits for something that does not come. */
const stepMilliseconds = 120_000

export async function inBrowser<Value>(action: (browser: Browser) => Promise<Value>): Promise<Value> {
  if (browserPath === undefined)
    throw new Error('there is no Chromium here: install it, or name one in PLEXUS_CHROMIUM')
  // Loaded at need: suites without a browser do not wait for it.
  const { chromium } = await import('playwright-core')
  // The sandbox wants a user who is not root; these pages come from this machine.
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    return await action(browser)
  } finally {
    await browser.close()
  }
}

/** A window of a browser that kept nothing, whose processor is so many times slower than this machine's. */
export async function freshPage(
  browser: Browser,
  { slowdown, script }: { readonly slowdown: number; readonly script?: string },
): Promise<{ readonly page: Page; readonly tools: CDPSession; readonly close: () => Promise<void> }> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  page.setDefaultTimeout(stepMilliseconds)
  if (script !== undefined) await page.addInitScript(script)
  const tools = await context.newCDPSession(page)
  await tools.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
  return { page, tools, close: () => context.close() }
}
