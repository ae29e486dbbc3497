/** T-30 and T-19: what a chart says is never run, and nothing of it stays in a page that nobody attends. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, openBrowser, openWindow, type Window } from './browser.testing.ts'
import { charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { heapOf, keptIn } from './residue.testing.ts'
import { enrolledWallet } from './steps.testing.ts'

/** Ways to run a script from text, each in another corner of HTML; every one would set a mark in the window. */
const run = 'window.plexusRan=1'
const hostile: readonly string[] = [
  `<script>${run}</script>`,
  `<img src=x onerror="${run}">`,
  `<svg onload="${run}">`,
  `<svg><script>${run}</script></svg>`,
  `<svg><animate onbegin="${run}" attributeName=x dur=1s>`,
  `<body onload="${run}">`,
  `<iframe srcdoc="<script>parent.${run}</script>"></iframe>`,
  `<iframe src="javascript:parent.${run}"></iframe>`,
  `<a href="javascript:${run}" autofocus onfocus="${run}">a</a>`,
  `<input autofocus onfocus="${run}">`,
  `<details open ontoggle="${run}">`,
  `<video><source onerror="${run}"></video>`,
  `<object data="javascript:${run}"></object>`,
  `<embed src="javascript:${run}">`,
  `<math><mtext><table><mglyph><style><img src=x onerror="${run}">`,
  `<template><script>${run}</script></template>`,
  `<style>@import 'javascript:${run}'</style>`,
  `<link rel=stylesheet href="javascript:${run}">`,
  `<meta http-equiv=refresh content="0;url=javascript:${run}">`,
  `<base href="//127.0.0.2/">`,
  `<form action="javascript:${run}"><button autofocus>`,
  `"><script>${run}</script>`,
  `'-${run}-'`,
  `\${${run}}`,
  `{{constructor.constructor("${run}")()}}`,
  `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
  `<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="${run}" style="background:url(javascript:${run})">narrative</p></div>`,
  `\u202e<img src=x onerror="${run}">`,
]
const canary = 'canary-of-a-chart-6f1d0c'

const source = {
  custodian: 'hospital-1',
  name: hostile[1],
  state: 'refused',
  code: hostile[0],
  reasons: [],
  records: 1,
}

/** An assembled record in which every text is hostile. */
function record(texts: readonly string[]) {
  const kinds = ['problems', 'medications', 'allergies', 'results', 'documents', 'other']
  const lines = texts.flatMap((text, index) =>
    kinds.map((kind) => ({
      key: `${kind}-${index}`,
      kind,
      resourceType: text,
      codes: [{ system: text, code: text }],
      display: text,
      status: text,
      statuses: {},
      effective: text,
      value: { text, unit: text },
      absence: false,
      verified: index % 2 === 0,
      cautions: [text],
      sources: [{ custodian: text, record: text, dispute: { statement: text, denial: text } }],
      independent: 2,
    })),
  )
  const conflicts = texts.map((text) => ({ kind: text, lines: [text, `problems-0`], why: text }))
  const gaps = texts.map((text) => ({ type: 'nothing-said', kind: text, why: text }))
  return {
    requester: 'emergency-1',
    height: 1,
    sources: [],
    lines,
    entries: lines.length,
    conflicts,
    gaps,
    omitted: [],
  }
}

/** Signs in and asks; the node's answer is taken out and another put in its place. */
async function showing(page: Page, texts: readonly string[]): Promise<void> {
  await page.route('**/visits/*/ask', (route) => route.fulfill({ json: { ask: '0'.repeat(32) } }))
  const sources = [source, { ...source, custodian: 'hospital-2', name: texts[0], state: 'complete', code: null }]
  await page.route('**/asks/*', (route) => route.fulfill({ json: { settled: true, sources, record: record(texts) } }))
  await page.getByRole('link', { name: 'Be the clinician' }).click()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('The patient’s visit code').fill('0'.repeat(32))
  await page.getByRole('button', { name: 'Ask for the record' }).click()
  await page.getByRole('heading', { name: 'The first minute' }).waitFor()
}

describe.skipIf(browserPath === undefined)('what a chart says (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser
  let context: BrowserContext
  let window: Window

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
    context = await browser.newContext({ locale: 'en-US' })
    window = await openWindow(context, network.link)
  })
  afterAll(() => browser?.close())

  test('is shown as text and never run, whatever it is', async () => {
    const { page, complaints } = window
    const away: string[] = []
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(network.link).origin) away.push(request.url())
    })
    page.on('dialog', (dialog) => complaints.push(dialog.message()))
    await showing(page, hostile)
    const more = page.getByRole('button', { name: /^Show \d+ more/ })
    // Each shows the rest of its list, and is gone.
    for (let left = await more.count(); left > 0; left--) await more.first().click()
    for (const text of hostile.slice(0, 3)) expect(await page.getByText(text).count()).toBeGreaterThan(0)
    expect(await page.evaluate('window.plexusRan')).toBeUndefined()
    expect(
      await page.locator('main :is(script, iframe, object, embed, img, video, style, form form, base, meta)').count(),
    ).toBe(0)
    expect(away).toEqual([])
    expect(complaints).toEqual([])
  })

  test('is gone from page, storage, caches and memory after two minutes in which nobody stirs', async () => {
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(network.link)
    await showing(page, [canary])
    // Asked for from outside: a search inside of the page would put the text into its memory.
    expect(await page.content()).toContain(canary)
    await page.clock.fastForward(119_000)
    expect(await page.content()).toContain(canary)
    expect(await heapOf(page)).toContain(canary)
    await page.clock.fastForward(2_000)
    await page.getByRole('heading', { name: 'Locked' }).waitFor()
    expect(await page.content()).not.toContain(canary)
    expect(await keptIn(page)).not.toContain(canary)
    expect(await heapOf(page)).not.toContain(canary)
    await page.close()
  })

  test('of the patient’s own record is gone in the same way, its keys too', async () => {
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(network.link)
    await enrolledWallet(page, charts.hostileText)
    await page.getByRole('link', { name: 'My record' }).click()
    const line = page.locator('section[aria-labelledby="topic-medications"] .lines > li > span').first()
    await line.waitFor()
    const text = (await line.textContent()) ?? ''
    expect(text.length).toBeGreaterThan(10)
    expect(await heapOf(page)).toContain(text)
    await page.clock.fastForward(121_000)
    await page.getByRole('heading', { name: 'Locked' }).waitFor()
    expect(await page.content()).not.toContain(text)
    expect(await keptIn(page)).not.toContain(text)
    expect(await heapOf(page)).not.toContain(text)
    await page.close()
  })
})
