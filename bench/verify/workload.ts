/** Suite `verify`: one receipt bundle, verified in a browser from a checkpoint through the votes of validators. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { freshPage, inBrowser } from '../pages/browser.ts'
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import type { Timed } from './page.ts'

/** A person waits for the first one of a page: each page gives one of those, and some after it. */
const pages = { full: 20, small: 2 }
const timesPerPage = { full: 10, small: 2 }
const slowdowns = { target: 1, told: 4 }
const target = { type: 'below', value: 250 } as const
/** An address that a browser takes for a secure context; nothing listens there, and nothing is asked of it. */
const address = 'http://localhost/'

export const suite: Suite = {
  name: 'verify',
  claim:
    'In headless Chromium, the time in which one receipt bundle is verified from a checkpoint: the work of suite light, built for browsers as the pages are, in a page that did nothing before, and again in the same page.',
  nonClaim:
    'Nothing about the way of the answers to the browser: they lie in memory. Nothing about a phone: the same on a processor four times slower is told, and promised nowhere. On the embedded engine it is less work: one signature stands in place of votes.',
  oneCore: false,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const kept = readFileSync(new URL('../../vectors/light/access.json', import.meta.url), 'utf8')
  const code = await builtPage()
  return inBrowser(async (browser) => {
    const first: number[] = []
    const later: number[] = []
    const seen = new Set<string>()
    const times = small ? timesPerPage.small : timesPerPage.full
    const count = small ? pages.small : pages.full
    const slow: number[] = []
    for (let turn = 0; turn < count; turn++) {
      const { milliseconds, answers } = await verifyIn(browser, { code, kept, times, slowdown: slowdowns.target })
      first.push(...milliseconds.slice(0, 1))
      later.push(...milliseconds.slice(1))
      for (const each of answers) seen.add(JSON.stringify(each))
      if (small) continue
      const slower = await verifyIn(browser, { code, kept, times: 1, slowdown: slowdowns.told })
      slow.push(...slower.milliseconds)
    }
    const [answer, ...others] = [...seen]
    if (answer === undefined || others.length > 0) throw new Error('one bundle was verified in two ways')
    if (slow.length > 0)
      tell(
        `${slowdowns.told} times slower, the first of a page: ${Math.round(median(slow))} ms, slowest ${Math.round(percentile(slow, 1))} ms`,
      )
    return {
      figures: [
        { name: 'one bundle, the first of a page, p50', value: median(first), unit: 'ms' },
        { name: 'one bundle, the first of a page, p95', value: percentile(first, 0.95), unit: 'ms', target },
        { name: 'one bundle, p95 of those after it', value: percentile(later, 0.95), unit: 'ms', target },
      ],
      checked: JSON.parse(answer),
    }
  })
}

/** Bundled by what bundles the pages, with the settings of `scripts/build-pages.ts` that change what runs. */
async function builtPage(): Promise<string> {
  const { build } = await import('vite')
  const built = await build({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2023',
      lib: { entry: 'page.ts', formats: ['iife'], name: 'plexusVerifyPage', fileName: 'page' },
    },
  })
  for (const each of Array.isArray(built) ? built : [built])
    if ('output' in each) for (const file of each.output) if (file.type === 'chunk') return file.code
  throw new Error('nothing was built')
}

async function verifyIn(
  browser: Browser,
  of: { readonly code: string; readonly kept: string; readonly times: number; readonly slowdown: number },
): Promise<Timed> {
  const { page, close } = await freshPage(browser, { slowdown: of.slowdown })
  try {
    await page.route('**/*', (route) =>
      route.request().url().endsWith('.js')
        ? route.fulfill({ contentType: 'text/javascript', body: of.code })
        : route.fulfill({ contentType: 'text/html', body: '<!doctype html><script src="/page.js"></script>' }),
    )
    await page.goto(address)
    return (await page.evaluate(`plexusVerify(${of.kept}, ${of.times})`)) as Timed
  } finally {
    await close()
  }
}
