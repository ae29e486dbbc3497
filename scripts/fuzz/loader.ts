/**
 * Has Node load the sources of packages and apps with their branches counted. Call before the first of them is imported:
 * a module that is loaded already stays as it is. Test helpers and dependencies are not counted.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { countersMax, literals, used } from './coverage.ts'
import { instrument } from './instrument.ts'

const counters = new URL('coverage.ts', import.meta.url).href
const root = new URL('../..', import.meta.url).href

/** `more`: URLs of further modules to count, which a test plants. */
export function countBranches(more: readonly string[] = []): void {
  registerHooks({
    load(url, context, next) {
      if (!isCounted(url) && !more.includes(url)) return next(url, context)
      const file = fileURLToPath(url)
      const found = instrument(file, readFileSync(file, 'utf8'), { first: used.counters, counters })
      used.counters += found.branches
      if (used.counters > countersMax) throw new Error(`more than ${countersMax} branches: raise countersMax`)
      for (const text of found.texts) literals.texts.add(text)
      for (const number of found.numbers) literals.numbers.add(number)
      return { format: 'module-typescript', source: found.source, shortCircuit: true }
    },
  })
}

function isCounted(url: string): boolean {
  if (!url.startsWith(root) || !/\.ts$/.test(url) || /\.(?:test|testing)\.ts$/.test(url)) return false
  return /^(?:packages|apps)\//.test(url.slice(root.length))
}
