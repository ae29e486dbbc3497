/** Which `cometbft` runs beside us: the one that `npm run engine` built, or one of just that version on the path. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { no, ok, type Result } from '@plexus/codec'

/** As `packages/engine/go/go.mod` pins it. The program's own `version` says 0.39.0. */
export const engineVersion = 'v0.40.0'
const engineModule = 'github.com/cometbft/cometbft'

export type EngineProgramRefusal =
  | { readonly type: 'engine-missing' }
  | { readonly type: 'go-missing' }
  | { readonly type: 'engine-version'; readonly program: string; readonly expected: string; readonly came: string }

const run = promisify(execFile)

/**
 * Where `npm run engine` puts what it builds from the module in `goFolder`: another pin of any dependency is another
 * name, so that what stands there is what is pinned.
 */
export function builtEngineIn({ goFolder, cache }: { readonly goFolder: string; readonly cache: string }): string {
  const pins = createHash('sha256')
  for (const file of ['go.mod', 'go.sum']) pins.update(readFileSync(join(goFolder, file)))
  return join(cache, `${engineVersion}-${pins.digest('hex').slice(0, 16)}`, 'cometbft')
}

/**
 * The program to start. `built` is where `npm run engine` puts it, under a name that the pinned sums make, so it needs no
 * question; one from the path is asked with `go version -m`, which reads what the linker wrote.
 */
export async function findEngine({
  built,
  path,
}: {
  readonly built: string
  /** Folders, as the variable PATH lists them. */
  readonly path: string
}): Promise<Result<string, EngineProgramRefusal>> {
  if (existsSync(built)) return ok(built)
  const program = path
    .split(delimiter)
    .map((folder) => join(folder, 'cometbft'))
    .find((file) => existsSync(file))
  if (!program) return no({ type: 'engine-missing' })
  let said: string
  try {
    said = (await run('go', ['version', '-m', program], { env: { PATH: path } })).stdout
  } catch {
    return no({ type: 'go-missing' })
  }
  const came = moduleVersionIn(said)
  return came === engineVersion
    ? ok(program)
    : no({ type: 'engine-version', program, expected: engineVersion, came: came ?? 'none' })
}

/** The version of the engine's module in what `go version -m` says: as the main module, or as a dependency of a build like ours. */
export function moduleVersionIn(said: string): string | undefined {
  for (const line of said.split('\n')) {
    const [kind, module, version] = line.trim().split(/\s+/)
    if ((kind === 'mod' || kind === 'dep') && module === engineModule) return version
  }
  return undefined
}

export function sayEngineProgramRefusal(refusal: EngineProgramRefusal): string {
  switch (refusal.type) {
    case 'engine-missing':
      return `there is no engine: \`npm run engine\` builds ${engineModule} ${engineVersion} with Go 1.25 or newer`
    case 'go-missing':
      return 'a cometbft stands on the path, but Go does not, and only Go can say its version: `npm run engine` needs Go too'
    case 'engine-version':
      return `${refusal.program} is version ${refusal.came}, this release needs ${refusal.expected}: \`npm run engine\` builds it`
  }
}
