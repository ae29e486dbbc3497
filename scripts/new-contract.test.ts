/** `npm run new:contract`, in a copy of the repository's contracts: what it makes type-checks, is tidy and passes. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createContract, refusalOf } from './new-contract.ts'

const repository = fileURLToPath(new URL('..', import.meta.url))
const name = 'supply-chain'

let root: string
let written: readonly string[]

/** The contracts alone are copied; everything else is the repository's own. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'plexus-new-contract-'))
  mkdirSync(join(root, 'packages'))
  for (const folder of ['packages/contracts', 'vectors/contracts', 'config', 'biome.json', 'package.json'])
    cpSync(join(repository, folder), join(root, folder), { recursive: true })
  for (const folder of ['node_modules', 'packages/codec', 'packages/kernel'])
    symlinkSync(join(repository, folder), join(root, folder))
  written = createContract(name, root)
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs a program of node_modules in the copy: its output when it fails, nothing when it ends well. */
function complaint(program: string, ...parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(join(repository, 'node_modules/.bin', program), parameters, {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? '' : `${stdout}${stderr}`
}

test('a name is lower-case words joined by hyphens, and neither reserved nor taken', async () => {
  const refused = ['', 'Supply', 'supply_chain', '-supply', 'supply-', '../supply', '1st', 'a'.repeat(41)]
  for (const bad of refused) expect(await refusalOf(bad, repository)).toContain('a name is')
  for (const bad of ['kernel', 'class', 'register']) expect(await refusalOf(bad, repository)).toContain('reserved')
  for (const bad of ['members', 'notary']) expect(await refusalOf(bad, repository)).toContain('already exists')
  for (const bad of ['contracts', 'directory', 'is-npi'])
    expect(await refusalOf(bad, repository)).toContain('already exports')
  expect(await refusalOf(name, repository)).toBeUndefined()
})

test('a contract is a folder, its vectors, and a line in two lists', () => {
  const folder = `packages/contracts/src/${name}`
  expect(written.filter((path) => !path.startsWith(folder))).toEqual([
    `vectors/contracts/${name}.json`,
    'packages/contracts/src/index.ts',
    'packages/contracts/src/worlds.testing.ts',
  ])
  const index = readFileSync(join(root, 'packages/contracts/src/index.ts'), 'utf8')
  expect(index).toContain("import { supplyChain } from './supply-chain/index.ts'\n")
  expect(index).toMatch(/= \[[^\]]*register\(supplyChain\),?\s*\]/)
  for (const path of written) expect(readFileSync(join(root, path), 'utf8')).not.toMatch(/\bNAME\b|\b[iI]dentifier\b/)
})

test('it is tidy as it is made', () => {
  expect(complaint('biome', 'check', '--vcs-enabled=false', 'packages/contracts')).toBe('')
})

test('it type-checks, its tests and its world included', () => {
  const settings = {
    extends: './config/tsconfig.node.json',
    compilerOptions: { composite: false, declaration: false, emitDeclarationOnly: false, noEmit: true },
    include: ['packages/contracts/src'],
  }
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(settings))
  expect(complaint('tsc', '-p', 'tsconfig.json')).toBe('')
})

test('its own examples and the vectors of all contracts pass', () => {
  const config = join(root, 'config/vitest.ts')
  expect(complaint('vitest', 'run', '--config', config, `packages/contracts/src/${name}`, 'vectors')).toBe('')
})

test('it passes the test of all contracts, in the histories that are about it', () => {
  const config = join(root, 'config/vitest.ts')
  expect(complaint('vitest', 'run', '--config', config, 'every-contract', '-t', name)).toBe('')
})

test('a second contract of the same name is refused', async () => {
  expect(await refusalOf(name, root)).toContain('already exists')
})
