/** The demonstration as a person starts it, on two of the samples and a port of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** The story's patient, and the one whose wallet the pages make. */
export const charts = ['ff27d104-0a0d-12d1-779e-fbbebf3777a2', 'd0909477-0140-7b8b-4123-06c37fef6f85'] as const

/** Building the pages, importing two charts and telling the story take seconds, and minutes on a machine that does much else. */
export const setUpMilliseconds = 300_000

export interface RunningDemonstration {
  readonly link: string
  /** Its data directory, with the tokens of each member's staff. */
  readonly data: string
  readonly end: () => Promise<void>
}

export async function startDemonstration(): Promise<RunningDemonstration> {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build-pages.ts'), '--if-stale'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`the pages were not built: ${built.stderr}`)
  const data = mkdtempSync(join(tmpdir(), 'plexus-pages-'))
  const inputs = charts.flatMap((chart) => ['--input', join(root, 'samples', `${chart}.json.zst`)])
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(root, 'apps', 'cli', 'src', 'main.ts'),
      ...['demo', '--json', '--data', data, '--port', '0', '--patient', charts[0], ...inputs],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const link = await linkFrom(child)
  return {
    link,
    data,
    async end() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      rmSync(data, { recursive: true, force: true })
    },
  }
}

async function linkFrom(child: ChildProcess): Promise<string> {
  if (!child.stderr) throw new Error('the demonstration has no standard error')
  const said: string[] = []
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('#desk=')) return line
    said.push(line)
  }
  throw new Error(`the demonstration printed no link: ${said.join(' / ')}`)
}
