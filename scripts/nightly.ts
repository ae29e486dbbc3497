/**
 * `npm run nightly`: what is too long for every change. Each decoder is fuzzed for a minute, each deliberate mistake is
 * caught, and worlds run whose seeds nobody chose: the day decides them, and is printed. Options are those of a shorter
 * night: `--seconds N` for each decoder (60), `--seeds N` (2,000), `--jobs N` (2). All of it runs, whatever an earlier part
 * said; the exit status is 0 only when every part passed.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seeds: { type: 'string', default: '2000' },
    jobs: { type: 'string', default: '2' },
  },
})

/** Days since 1970: the same all night, another one every night, on every machine. */
const night = Math.floor(Date.now() / 86_400_000)
const { seconds, seeds, jobs } = values
const quiet = '--disable-warning=ExperimentalWarning'

const parts: readonly (readonly [string, ...string[]])[] = [
  ['fuzz', quiet, 'scripts/fuzz/main.ts', '--seconds', seconds, '--jobs', jobs, '--seed', String(night)],
  ['mutants', 'scripts/mutants.ts'],
  [
    'simulate',
    quiet,
    'packages/simulator/src/main.ts',
    ...['--seeds', seeds, '--from', String(night * Number(seeds)), '--jobs', jobs],
  ],
]

console.log(`night ${night}`)
const failed = parts.filter(([title, ...parameters]) => {
  console.log(`\n== ${title}`)
  const startedAt = performance.now()
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' })
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
  console.log(`== ${title}: ${status === 0 ? 'passed' : 'FAILED'} in ${minutes} minutes`)
  return status !== 0
})
console.log(failed.length === 0 ? '\nThe night passed.' : `\nfailed: ${failed.map(([title]) => title).join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
