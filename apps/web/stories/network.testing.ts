/** The demonstration as a person starts it, on some of the samples and a port of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const plexusMain = join(root, 'apps', 'cli', 'src', 'main.ts')

/** A chart for each story that makes a wallet: what one of them does to its patient no other sees. */
export const charts = {
  stories: 'd0909477-0140-7b8b-4123-06c37fef6f85',
  patient: '9e77e393-7b5f-b633-7206-85301421dd03',
  clinician: 'd07a7a50-ebdc-a4a9-2d03-723a4d636409',
  hostileText: 'c2d6ba8a-227f-d0e1-b1fa-dbc0580fe328',
  lostPhone: '0c6a6f59-df79-bf01-5b2a-26740ddb66a9',
  passkey: '2692953d-4d34-dc38-7fc9-54643825eb29',
  pagesOrigin: '0fcb885d-69dd-d8e0-d29a-3a5ea484d356',
  barriers: '5caddcdf-da67-8370-ccd6-ec3da217370c',
  prescriptions: 'f32b7abc-13f6-6460-3be7-1483aa531de8',
  bottle: 'bb97ea18-461f-9b3e-8d46-3b17baf0f5cb',
  keyboard: '037c9dc2-cd3b-f193-c62f-b0b9c75b1d92',
  joining: '507d7962-8204-33c5-45c1-dd02c3975887',
} as const
/** Told by the demonstration itself while it starts. */
const told = 'ff27d104-0a0d-12d1-779e-fbbebf3777a2'

export interface SharedDemonstration {
  readonly link: string
  /** Its data directory, with the tokens of each member's staff. */
  readonly data: string
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly demonstration: SharedDemonstration
  }
}

/** The one that all stories of this run share; it is there before the first of them begins. */
export const demonstration = (): SharedDemonstration => inject('demonstration')

/** What a member's staff types at a terminal; with its refusal where it has one. */
export function asStaff({ link, data }: SharedDemonstration, member: string, ...words: readonly string[]) {
  const flags = ['--node', new URL(link).origin, '--data', data, '--member', member, '--json']
  const all = ['--disable-warning=ExperimentalWarning', plexusMain, ...words, ...flags]
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' })
  return { said: status === 0 ? JSON.parse(stdout) : null, refusal: status === 0 ? null : JSON.parse(stderr).error }
}

export async function startDemonstration(): Promise<SharedDemonstration & { readonly end: () => Promise<void> }> {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build-pages.ts'), '--if-stale'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`the pages were not built: ${built.stderr}`)
  const data = mkdtempSync(join(tmpdir(), 'plexus-pages-'))
  const inputs = [told, ...Object.values(charts)].flatMap((chart) => [
    '--input',
    join(root, 'samples', `${chart}.json.zst`),
  ])
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      plexusMain,
      ...['demo', '--json', '--data', data, '--port', '0', '--patient', told, ...inputs],
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
