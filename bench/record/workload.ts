/** Suite `record`: two thousand resources on a screen, for the patient and at the bedside, and how they scroll. */
import type { Browser, Page } from 'playwright-core'
import { freshPage, inBrowser } from '../pages/browser.ts'
import { askForRecord, checkIn, enrol, inDemonstration } from '../pages/demonstration.ts'
import { type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'

const size = { organisations: 5, resources: 400 }
const smallSize = { organisations: 3, resources: 20 }
const slowdowns = { target: 1, told: 4 }
/** Of a screen, each frame: a finger that hurries. */
const scrollShare = 0.6
const scrollFramesMax = 600

export const suite: Suite = {
  name: 'record',
  claim:
    'A record of 2,000 resources at 5 custodians, in headless Chromium. Patient: opening, checking and assembling it, and the first screen of it, all the time that the browser does not wait for the node. Clinician: from the arrival of the assembled record to its screen. Then the longest frame while each is scrolled from end to end, everything unfolded.',
  nonClaim:
    'Nothing about the way of the bytes, or about the work of the custodians. A frame here is drawn by the processor: there is no graphics card. The same on a processor four times slower is told, and promised nowhere.',
  oneCore: false,
  run,
}

interface Shown {
  readonly milliseconds: number
  readonly entries: number
  readonly frames: readonly number[]
}

/** Keeps every time of a resource; and when something came on the screen, anew where it was there, and the page could be touched. */
const script = `
  performance.setResourceTimingBufferSize(5000)
  window.plexusWatch = (isThere) => {
    let gone = !isThere()
    window.plexusShown = new Promise((resolve) => {
      const look = () => {
        const there = isThere()
        gone = gone || !there
        if (gone && there) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
        else requestAnimationFrame(look)
      }
      look()
    })
    return performance.now()
  }
  window.plexusWaits = (part, from) => performance.getEntriesByType('resource')
    .filter(({ name, startTime }) => name.includes(part) && startTime >= from)
    .map(({ startTime, responseEnd }) => [startTime, responseEnd])
`

const scrolled = `new Promise((resolve) => {
  const frames = []
  let last = 0
  const step = (now) => {
    if (last > 0) frames.push(now - last)
    last = now
    const { scrollTop, scrollHeight, clientHeight } = document.documentElement
    if (scrollTop + clientHeight >= scrollHeight - 2 || frames.length >= ${scrollFramesMax}) return resolve(frames)
    window.scrollBy(0, clientHeight * ${scrollShare})
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
})`

function run({ small, tell }: RunOptions): Promise<Outcome> {
  const chart = small ? smallSize : size
  return inDemonstration(chart, (link) =>
    inBrowser(async (browser) => {
      const { patient, clinician } = await both(
        browser,
        link,
        chart.organisations,
        small ? [slowdowns.target] : Object.values(slowdowns),
      )
      const [own, ...slower] = patient
      const [bedside, ...slowerBedside] = clinician
      if (!own || !bedside) throw new Error('nothing was measured')
      for (const [who, each] of [
        ...slower.map((of) => ['patient', of] as const),
        ...slowerBedside.map((of) => ['clinician', of] as const),
      ])
        tell(
          `${slowdowns.told} times slower, ${who}: ${Math.round(each.milliseconds)} ms, longest frame ${Math.round(percentile(each.frames, 1))} ms`,
        )
      return {
        figures: [
          ...figuresOf('patient', own, 'own record opened, checked, assembled and usable'),
          ...figuresOf('clinician', bedside, 'record usable after it arrived'),
        ],
        checked: { resources: chart.organisations * chart.resources, patient: own.entries, clinician: bedside.entries },
      }
    }),
  )
}

const figuresOf = (who: string, { milliseconds, frames }: Shown, what: string) =>
  [
    { name: `${who}: ${what}`, value: milliseconds, unit: 'ms', target: { type: 'below', value: 1_000 } },
    {
      name: `${who}: longest frame of scrolling`,
      value: percentile(frames, 1),
      unit: 'ms',
      target: { type: 'below', value: 50 },
    },
    { name: `${who}: frame of scrolling, p95`, value: percentile(frames, 0.95), unit: 'ms' },
  ] as const

async function both(browser: Browser, link: string, custodians: number, rates: readonly number[]) {
  const { page, tools, close } = await freshPage(browser, { slowdown: 1, script })
  try {
    await page.goto(link)
    await enrol(page)
    const patient: Shown[] = []
    for (const rate of rates) {
      await tools.send('Emulation.setCPUThrottlingRate', { rate })
      patient.push(await ownRecord(page, patient.length === 0))
    }
    await tools.send('Emulation.setCPUThrottlingRate', { rate: 1 })
    await checkIn(page)
    await askForRecord(page)
    await page.waitForFunction(`(${whole(custodians)})()`)
    const clinician: Shown[] = []
    for (const rate of rates) {
      await tools.send('Emulation.setCPUThrottlingRate', { rate })
      clinician.push(await bedside(page, custodians))
    }
    return { patient, clinician }
  } finally {
    await close()
  }
}

/** All pages of all custodians come one after the other: what is not waiting for one of them is the browser's work. */
async function ownRecord(page: Page, first: boolean): Promise<Shown> {
  const from = (await page.evaluate(
    'window.plexusWatch(() => document.querySelector("#topic-results") !== null)',
  )) as number
  if (first) await page.getByRole('link', { name: 'My record' }).click()
  else await page.getByRole('button', { name: 'Read again' }).click()
  const shown = (await page.evaluate('window.plexusShown')) as number
  const waits = (await page.evaluate(`window.plexusWaits('/own-record', ${from})`)) as readonly (readonly [
    number,
    number,
  ])[]
  const entries = await countOf(page)
  await page.getByText('Timeline', { exact: true }).click()
  await page.locator('.month').first().waitFor()
  const frames = (await page.evaluate(scrolled)) as readonly number[]
  await page.evaluate('window.scrollTo(0, 0)')
  await page.getByText('By topic', { exact: true }).click()
  const [begun = from] = waits[0] ?? []
  const waited = waits.reduce((sum, [start, end]) => sum + end - start, 0)
  return { milliseconds: shown - begun - waited, entries, frames }
}

/** Every custodian has given, and what they gave is on the screen. */
const whole = (custodians: number): string =>
  `() => document.querySelectorAll('.sources > [data-state="complete"]').length === ${custodians} && document.querySelector('#rest') !== null`

async function bedside(page: Page, custodians: number): Promise<Shown> {
  const from = (await page.evaluate(`window.plexusWatch(${whole(custodians)})`)) as number
  await page.getByRole('button', { name: 'Ask for the record' }).click()
  const shown = (await page.evaluate('window.plexusShown')) as number
  const waits = (await page.evaluate(`window.plexusWaits('/asks/', ${from})`)) as readonly (readonly [number, number])[]
  const entries = await countOf(page)
  const more = page.getByRole('button', { name: /^Show \d+ more/ })
  for (let left = await more.count(); left > 0; left--) await more.first().click()
  const frames = (await page.evaluate(scrolled)) as readonly number[]
  await page.evaluate('window.scrollTo(0, 0)')
  // Answers that came before the first that shows anything are of custodians that were still at work.
  const arrived = waits.findLast(([, end]) => end <= shown)?.[1] ?? from
  return { milliseconds: shown - arrived, entries, frames }
}

/** What the sources of the page say that they gave, together. */
async function countOf(page: Page): Promise<number> {
  const said = await page.locator('.sources > li').allTextContents()
  return said.reduce((sum, text) => sum + Number(/(\d+) (?:entries|records)/.exec(text)?.[1] ?? 0), 0)
}
