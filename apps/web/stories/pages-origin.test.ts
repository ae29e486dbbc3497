/** Where the pages come from: accepted when the ledger shows them, refused when they are others, there without a node. */
import { createHash } from 'node:crypto'
import { decode, encode } from '@plexus/codec'
import { pageBundle, pageBundleBytesMax } from '@plexus/policy'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { barriers, browserPath, openBrowser, openWindow, picture } from './browser.testing.ts'
import { type ChangingProxy, changingProxy } from './changing-proxy.testing.ts'
import { charts, demonstration, type SharedDemonstration } from './network.testing.ts'
import { enrolledWallet } from './steps.testing.ts'

/** A line that a person would notice in the window if it ran. */
const strange = Buffer.from('\nwindow.plexusStrange = 1\n')
const changed = (bytes: Buffer): Buffer => Buffer.concat([bytes, strange])

describe.skipIf(browserPath === undefined)('where the pages come from (needs Chromium)', () => {
  let network: SharedDemonstration
  let browser: Browser
  let proxy: ChangingProxy
  let context: BrowserContext

  beforeAll(async () => {
    network = demonstration()
    browser = await openBrowser()
    proxy = await changingProxy(network.link)
    context = await browser.newContext({ locale: 'en-US' })
  })
  afterAll(async () => {
    await browser?.close()
    await proxy?.end()
  })
  beforeEach(() => {
    proxy.changes.clear()
    proxy.down = false
  })

  const accepted = (page: Page) => page.locator('[data-pages="accepted"]').waitFor()
  const ran = (page: Page) => page.evaluate('window.plexusStrange')

  async function manifest() {
    const answer = await fetch(new URL('/bundle.cbor', network.link))
    const read = decode(pageBundle, new Uint8Array(await answer.arrayBuffer()), pageBundleBytesMax)
    if (!read.ok) throw new Error('the manifest does not read')
    return read.value
  }

  async function pathOf(part: string): Promise<string> {
    const found = (await manifest()).files.find(({ path }) => path.includes(part))
    if (!found) throw new Error(`the bundle has no ${part}`)
    return `/${found.path}`
  }

  test('a first load is trusted, checked behind it, and installable', async () => {
    const { page, complaints } = await openWindow(context, proxy.link)
    await page.getByText('The first load of this page is trusted').waitFor()
    await accepted(page)
    const { files } = await manifest()
    const says = await page.locator('[data-pages]').textContent()
    expect(says).toMatch(/^These pages are the ones that emergency-1 committed in block \d+/)
    expect(says).toContain(`all ${files.length} files`)
    const tools = await context.newCDPSession(page)
    const { installabilityErrors } = await tools.send('Page.getInstallabilityErrors')
    // A window without a profile's disk is never installed from.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([])
    expect(await barriers(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.close()
  })

  test('a file that the node swaps does not reach a page that was accepted', async () => {
    const path = await pathOf('ledger-page')
    proxy.changes.set(path, changed)
    const { page, complaints } = await openWindow(context, proxy.link)
    await page.getByRole('link', { name: 'Watch the ledger' }).click()
    await page.locator('.blocks button').first().waitFor()
    expect(await ran(page)).toBeUndefined()
    expect(complaints).toEqual([])
    await page.close()
  })

  test('pages that are not on the ledger are refused, and those that were accepted go on and say so', async () => {
    const path = await pathOf('ledger-page')
    const { files } = await manifest()
    proxy.changes.set(path, changed)
    const other = await fetch(new URL(path, network.link)).then(async (each) =>
      changed(Buffer.from(await each.arrayBuffer())),
    )
    const named = files.map((file) =>
      `/${file.path}` === path
        ? { ...file, bytes: other.length, sha256: new Uint8Array(createHash('sha256').update(other).digest()) }
        : file,
    )
    proxy.changes.set('/bundle.cbor', () => Buffer.from(encode(pageBundle, { files: named })))
    const { page } = await openWindow(context, proxy.link)
    await page.getByText('The node offers other pages: refused').waitFor()
    await page.getByText('has not committed to on the ledger').waitFor()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'pages-refused')
    await page.getByRole('link', { name: 'Watch the ledger' }).click()
    await page.locator('.blocks button').first().waitFor()
    expect(await ran(page)).toBeUndefined()
    await page.close()
  })

  test('a file that the browser let go of is taken again only if it is the one that was named', async () => {
    const path = await pathOf('ledger-page')
    const { page } = await openWindow(context, proxy.link)
    await accepted(page)
    await page.evaluate(
      `caches.keys().then((names) => Promise.all(names.map(async (name) => (await caches.open(name)).delete('${path}'))))`,
    )
    proxy.changes.set(path, changed)
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'These pages are refused' }).waitFor()
    await page.getByText(path.slice(1)).waitFor()
    expect(await ran(page)).toBeUndefined()
    expect(await barriers(page)).toEqual([])
    await picture(page, 'page-refused-whole')
    proxy.changes.clear()
    await page.getByRole('link', { name: 'Try again' }).click()
    await page.getByRole('heading', { level: 1, name: 'See who looked' }).waitFor()
    await page.close()
  })

  test('a first load that brings another file says so and takes the place of every page', async () => {
    proxy.changes.set(await pathOf('ledger-page'), changed)
    const fresh = await browser.newContext({ locale: 'es-US' })
    const { page } = await openWindow(fresh, proxy.link)
    await page.getByRole('heading', { level: 1, name: 'Estas no son las páginas del registro' }).waitFor()
    await page.getByText('No escriba nada aquí').waitFor()
    expect(await barriers(page)).toEqual([])
    await fresh.close()
  })

  test('without a node the wallet opens, shows what it kept, and says that it is offline', async () => {
    const { page } = await openWindow(context, proxy.link)
    await accepted(page)
    await enrolledWallet(page, charts.pagesOrigin)
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    const place = page.locator('.lines > li > span').first()
    const name = (await place.textContent()) ?? ''
    expect(name).not.toMatch(/^(?:hospital|tenant)-/)
    await page.getByRole('link', { name: 'Who looked' }).click()
    proxy.down = true
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor()
    await page.getByText('The node does not answer.').first().waitFor()
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await page.getByRole('button', { name: 'Show the recovery code' }).waitFor()
    expect(await place.textContent()).toBe(name)
    expect(await barriers(page)).toEqual([])
    await picture(page, 'offline')
    proxy.down = false
    await page.getByText('The node does not answer.').waitFor({ state: 'detached' })
    await page.close()
  })
})
