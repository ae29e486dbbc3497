import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtEngineIn, engineVersion, findEngine, moduleVersionIn, sayEngineProgramRefusal } from './engine-program.ts'
import { folderIn, networkDirectory } from './network.testing.ts'

const goFolder = new URL('../../go', import.meta.url).pathname

/** A folder with a `cometbft`, and a `go` that says this of it. */
function pathWith(says: string): string {
  const folder = networkDirectory()
  for (const [name, script] of [
    ['cometbft', ''],
    ['go', `printf '%s' '${says}'`],
  ] as const) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

const saying = (version: string): string =>
  `/a/cometbft: go1.26.8\n\tpath\tgithub.com/cometbft/cometbft/cmd/cometbft\n\tmod\tgithub.com/cometbft/cometbft\t${version}\th1:x=\n`

test('what was built is taken, under a name that all pins make', async () => {
  const [cache, other] = [networkDirectory(), networkDirectory()]
  const built = builtEngineIn({ goFolder, cache })
  mkdirSync(join(built, '..'), { recursive: true })
  writeFileSync(built, '')
  expect(await findEngine({ built, path: '' })).toEqual({ ok: true, value: built })
  for (const file of ['go.mod', 'go.sum']) writeFileSync(join(folderIn(other, 'go'), file), file)
  expect(builtEngineIn({ goFolder: join(other, 'go'), cache })).not.toBe(built)
})

test('one on the path is taken when Go says that it is the version of this release', async () => {
  const found = (path: string) => findEngine({ built: '/nowhere', path })
  const right = pathWith(saying(engineVersion))
  expect(await found(`/nowhere:${right}`)).toEqual({ ok: true, value: join(right, 'cometbft') })
  const old = pathWith(saying('v0.38.26'))
  expect(await found(old)).toMatchObject({ ok: false, reason: { type: 'engine-version', came: 'v0.38.26' } })
  const missing = await found('/nowhere')
  expect(missing).toEqual({ ok: false, reason: { type: 'engine-missing' } })
  if (!missing.ok) expect(sayEngineProgramRefusal(missing.reason)).toContain('npm run engine')
})

test('the version is found as the main module and as a dependency, and nowhere else', () => {
  expect(moduleVersionIn(`\tdep\tgithub.com/cometbft/cometbft\tv0.40.0\th1:x=`)).toBe('v0.40.0')
  expect(moduleVersionIn(`\tdep\tgithub.com/cometbft/cometbft-db\tv0.14.1\th1:x=`)).toBeUndefined()
})
