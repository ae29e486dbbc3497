/** Before the first story: one demonstration for all of them, where there is a browser that can tell them. */
import type { TestProject } from 'vitest/node'
import { browserPath } from './browser.testing.ts'
import { startDemonstration } from './network.testing.ts'

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (browserPath === undefined) return undefined
  const { end, ...shared } = await startDemonstration()
  project.provide('demonstration', shared)
  return end
}
