/**
 * `npm run engine`: builds the engine that packages/engine/go pins, unless it stands there already. Needs Go 1.25 or
 * newer; takes about two minutes. `--if-go` says so and goes on where there is no Go: the tests that need the engine are
 * then skipped by name.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtEngineIn } from '@plexus/engine'

const root = fileURLToPath(new URL('..', import.meta.url))
const goFolder = join(root, 'packages/engine/go')

function main(parameters: readonly string[]): number {
  const program = builtEngineIn({ goFolder, cache: join(root, 'node_modules/.cache/engine') })
  if (existsSync(program)) {
    console.log(`The engine is there: ${program}`)
    return 0
  }
  if (spawnSync('go', ['version']).status !== 0) {
    console.log('There is no Go on this machine: the engine was not built. Install Go 1.25 or newer, or do without it.')
    return parameters.includes('--if-go') ? 0 : 1
  }
  console.log('Building the engine; this takes some minutes, once.')
  // Others work on this machine meanwhile.
  setPriority(constants.priority.PRIORITY_LOW)
  mkdirSync(dirname(program), { recursive: true })
  const made = `${program}.${process.pid}`
  const { status } = spawnSync(
    'go',
    ['build', '-trimpath', '-buildvcs=false', '-mod=readonly', '-o', made, 'github.com/cometbft/cometbft/cmd/cometbft'],
    { cwd: goFolder, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' } },
  )
  if (status !== 0) return 1
  renameSync(made, program)
  console.log(`The engine is built: ${program}`)
  return 0
}

process.exitCode = main(process.argv.slice(2))
