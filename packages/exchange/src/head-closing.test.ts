/** T-10: a release races the closing of a directive head. Orders are walked evenly over all there are, not drawn. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const child = fileURLToPath(new URL('interleavings-child.testing.ts', import.meta.url))
const count = 4_000

interface Told {
  readonly interleavings: number
  readonly broken: number
  readonly examples: readonly unknown[]
  readonly ends: Readonly<Record<string, number>>
}

function interleave(): Promise<Told> {
  return new Promise((resolve, reject) => {
    const running = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', child, '--count', String(count)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    running.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part
    })
    running.on('error', reject).on('close', () => {
      try {
        resolve(JSON.parse(output) as Told)
      } catch (error) {
        reject(error)
      }
    })
  })
}

test('T-10: in no order of request, blocks, restart and closing is anything released or sent at or after the closing', {
  timeout: 600_000,
}, async () => {
  const { interleavings, broken, examples, ends } = await interleave()
  expect(examples).toEqual([])
  expect(broken).toBe(0)
  expect(interleavings).toBeGreaterThanOrEqual(count)
  // Each way in which the two can meet was met, or the sentence above says little.
  const met = (end: string) => ends[end] ?? 0
  for (const end of [
    'between: released; answer',
    'between: released; answer, head-closed',
    'between: nothing released; head-closed',
    'between: nothing released; facts-changed',
    'release: nothing released; head-closed',
    'answer: released; head-closed',
  ])
    expect({ end, met: met(end) > 20 }).toEqual({ end, met: true })
})
