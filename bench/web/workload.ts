/** Suite `web`: the first page and every touch of a finger, on a processor that is four times slower. */
import type { Browser, Page } from 'playwright-core'
import { freshPage, inBrowser } from '../pages/browser.ts'
import { askForRecord, checkIn, enrol, inDemonstration } from '../pages/demonstration.ts'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'

/** A cheap phone beside a desktop, as web tools have it. */
const slowdown = 4
const loads = { full: 15, small: 1 }
const size = { organisations: 3, resources: 100 }
const smallSize = { organisations: 2, resources: 20 }
/** What the platform does not tell of took less than this (Event Timing, `durationThreshold`). */
const untoldMilliseconds = 16

export const suite: Suite = {
  name: 'web',
  claim:
    'In headless Chromium with a processor four times slower than the machine: the time from the address to the first content, with nothing kept from before; the JavaScript that this page fetched by then, compressed; and, through both roles’ stories, the time from a touch to the next frame that shows its effect.',
  nonClaim:
    'Nothing about a network: pages come over the loopback. Nothing about a phone’s own processor, graphics or memory. What a touch sets off on the network is waited for by nobody: the frame that says so is what counts.',
  oneCore: false,
  run,
}

interface Load {
  readonly firstContent: number
  readonly byThen: number
  readonly inAll: number
  readonly files: number
}

const measures = `({
  firstContent: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  scripts: performance.getEntriesByType('resource')
    .filter(({ name }) => new URL(name).pathname.endsWith('.js'))
    .map(({ startTime, encodedBodySize }) => [startTime, encodedBodySize]),
})`

/** Longest event of each interaction, as the platform names them (Event Timing, `interactionId`). */
const listener = `
  window.plexusTouches = new Map()
  new PerformanceObserver((list) => {
    for (const { interactionId, duration, name } of list.getEntries())
      if (interactionId > 0 && !((window.plexusTouches.get(interactionId) || [0])[0] >= duration))
        window.plexusTouches.set(interactionId, [duration, name])
  }).observe({ type: 'event', durationThreshold: ${untoldMilliseconds}, buffered: true })
`

function run({ small, tell }: RunOptions): Promise<Outcome> {
  const chart = small ? smallSize : size
  return inDemonstration(chart, (link) =>
    inBrowser(async (browser) => {
      const seen: Load[] = []
      for (let turn = 0; turn < (small ? loads.small : loads.full); turn++) seen.push(await load(browser, link))
      const touches = await stories(browser, link)
      const of = (take: (load: Load) => number) => seen.map(take)
      tell(`slowest touches: ${touches.slowest.map((each) => `${each} ms`).join(', ')}`)
      return {
        figures: [
          { name: 'first content, p50', value: median(of(({ firstContent }) => firstContent)), unit: 'ms' },
          {
            name: 'first content, slowest',
            value: percentile(
              of(({ firstContent }) => firstContent),
              1,
            ),
            unit: 'ms',
            target: { type: 'below', value: 1_500 },
          },
          {
            name: 'JavaScript of the first page, compressed',
            value: Math.max(...of(({ byThen }) => byThen)) / 1_000,
            unit: 'kB',
            target: { type: 'below', value: 250 },
          },
          {
            name: 'JavaScript with what is fetched behind it, compressed',
            value: Math.max(...of(({ inAll }) => inAll)) / 1_000,
            unit: 'kB',
          },
          {
            name: 'touch to the frame that shows its effect, p75',
            value: percentile(touches.milliseconds, 0.75),
            unit: 'ms',
            target: { type: 'below', value: 200 },
          },
          { name: 'the same, slowest', value: percentile(touches.milliseconds, 1), unit: 'ms' },
        ],
        checked: { roles: touches.roles, touched: touches.milliseconds.length > touches.roles.length },
      }
    }),
  )
}

async function load(browser: Browser, link: string): Promise<Load> {
  const { page, close } = await freshPage(browser, { slowdown })
  try {
    await page.goto(link)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForLoadState('networkidle')
    const { firstContent, scripts } = (await page.evaluate(measures)) as {
      readonly firstContent: number
      readonly scripts: readonly (readonly [startTime: number, bytes: number])[]
    }
    const bytes = (of: typeof scripts) => of.reduce((sum, [, each]) => sum + each, 0)
    const byThen = scripts.filter(([startTime]) => startTime < firstContent)
    return { firstContent, byThen: bytes(byThen), inAll: bytes(scripts), files: scripts.length }
  } finally {
    await close()
  }
}

/** Both roles’ stories, one touch after the other, in one document. */
async function stories(browser: Browser, link: string) {
  const { page, close } = await freshPage(browser, { slowdown, script: listener })
  try {
    await page.goto(link)
    await enrol(page)
    await checkIn(page)
    await askForRecord(page)
    const more = page.getByRole('button', { name: /^Show \d+ more/ })
    for (let left = await more.count(); left > 0; left--) await more.first().click()
    await page.getByRole('link', { name: 'Patient', exact: true }).click()
    await page.getByRole('button', { name: 'Details' }).first().click()
    await page.getByRole('button', { name: 'Check the proof' }).first().click()
    await page.getByText('The proof holds').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'My record' }).click()
    await page.locator('#topic-results').waitFor()
    await page.getByText('Timeline', { exact: true }).click()
    await page.locator('.month').first().waitFor()
    await page.getByText('By topic', { exact: true }).click()
    await page.locator('#topic-results').waitFor()
    await page.getByRole('link', { name: 'Sharing' }).click()
    await page.getByRole('button', { name: 'Close the door' }).click()
    await page.getByText('What would change if you sign').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await page.getByRole('button', { name: 'Show the recovery code' }).click()
    await page.getByRole('link', { name: 'Ledger', exact: true }).click()
    await page.locator('.blocks button').filter({ hasNotText: 'empty' }).first().click()
    await page.locator('.noise').first().waitFor()
    return { ...(await touchesIn(page)), roles: ['clinician', 'ledger', 'patient'] }
  } finally {
    await close()
  }
}

async function touchesIn(page: Page) {
  const { count, told } = (await page.evaluate(
    '({ count: performance.interactionCount, told: [...window.plexusTouches.values()] })',
  )) as { readonly count: number; readonly told: readonly (readonly [milliseconds: number, name: string])[] }
  const untold = Array<number>(Math.max(0, count - told.length)).fill(untoldMilliseconds)
  const slowest = told.toSorted(([a], [b]) => b - a).slice(0, 5)
  return {
    milliseconds: [...told.map(([milliseconds]) => milliseconds), ...untold],
    slowest: slowest.map(([milliseconds, name]) => `${name} ${milliseconds}`),
  }
}
