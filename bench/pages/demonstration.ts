/** The demonstration as a process of its own, with its pages built: what a browser is sent to. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { type ChartSize, chartOf } from '../chart.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The sample whose story is told; the pages' own patient is the synthetic chart. */
const told = 'ff27d104-0a0d-12d1-779e-fbbebf3777a2'

/** Runs an action with the link of a demonstration that holds one sample and a synthetic chart of this size. */
export async function inDemonstration<Value>(
  size: ChartSize,
  action: (link: string) => Promise<Value>,
): Promise<Value> {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build-pages.ts'), '--if-stale'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`the pages were not built: ${built.stderr}`)
  const data = mkdtempSync(join(tmpdir(), 'plexus-bench-'))
  const chart = join(data, 'chart.json')
  writeFileSync(chart, chartOf(size))
  const inputs = [join(root, 'samples', `${told}.json.zst`), chart].flatMap((path) => ['--input', path])
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(root, 'apps', 'node', 'src', 'main.ts'),
      ...['demo', '--json', '--data', join(data, 'network'), '--port', '0', '--patient', told, ...inputs],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = once(child, 'exit')
  try {
    return await action(await linkFrom(child.stderr))
  } finally {
    child.kill('SIGTERM')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
}

async function linkFrom(lines: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: lines })) if (line.includes('#desk=')) return line
  throw new Error('the demonstration ended before it printed a link')
}

/** Makes a wallet in the page that the link opened, and enrols it wherever the synthetic chart lies. */
export async function enrol(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Be the patient' }).click()
  await page.getByRole('button', { name: 'Make my wallet' }).click()
  await page.getByLabel('I have written it down').check()
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'With this browser' }).click()
  await page.getByRole('button', { name: /^Enrol at all/ }).click()
  await page.getByRole('heading', { level: 1, name: 'Who looked' }).waitFor()
}

/** Checks in under Sharing; the code of the visit is where the clinician's page finds it. */
export async function checkIn(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Sharing' }).click()
  await page.getByRole('button', { name: 'Check in at emergency-1' }).click()
  await page.locator('[data-visit]').waitFor()
}

/** Signs the clinician in and asks for the record of whoever checked in. */
export async function askForRecord(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Clinician', exact: true }).click()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Scan the waiting patient' }).click()
  await page.getByRole('button', { name: 'Ask for the record' }).click()
  await page.locator('#rest').waitFor()
}
