/** House rules that the compiler, Biome and knip do not check: who imports whom, determinism, hygiene of files. */
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeOnly, importsOf } from './code-only.ts'
import { type Lock, missingOptional } from './complete-lock.ts'
import { mayImport, tableRow, testsMayImport } from './import-table.ts'
import {
  exists,
  files,
  isTest,
  read,
  root,
  rootManifest,
  sourcesOf,
  typescript,
  workspaces,
} from './repository.testing.ts'
import {
  asynchronyBans,
  determinismBans,
  fileName,
  found,
  machinePath,
  registryHost,
  socketModules,
  surroundingsBans,
  switchedOff,
  unfinished,
} from './tidy-rules.ts'

const own = '@plexus/'

/** Each file with each thing found in it, so that a failure is a list of places. */
function places(of: readonly string[], look: (file: string) => readonly string[]): readonly string[] {
  return of.flatMap((file) => look(file).map((what) => `${file}: ${what}`))
}

describe('who may import whom', () => {
  test('every package and app has a row in the table', () => {
    expect(workspaces.map(({ name }) => name).filter((name) => !mayImport[name])).toEqual([])
  })

  test('the table in STYLE.md says the same', () => {
    const rows = (exists('STYLE.md') ? read('STYLE.md') : '').split('\n').flatMap((line) => tableRow(line) ?? [])
    for (const { name, imports } of rows)
      expect([name, [...imports].sort()]).toEqual([name, mayImport[name]?.toSorted()])
    if (exists('STYLE.md')) expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(mayImport).sort())
  })

  test('no package.json declares a package that the table does not allow', () => {
    const wrong = workspaces.flatMap(({ name, folder, manifest }) =>
      Object.keys(manifest.dependencies ?? {})
        .filter((each) => each.startsWith(own) && !mayImport[name]?.includes(each.slice(own.length)))
        .map((each) => `${folder}/package.json: ${each}`),
    )
    expect(wrong).toEqual([])
  })

  test('no tsconfig refers to a package that the table does not allow', () => {
    const wrong = workspaces.flatMap(({ name, folder }) =>
      [...read(`${folder}/tsconfig.json`).matchAll(/"path":\s*"([^"]+)"/g)]
        .map(([, path]) => posix.basename(path as string))
        .filter((each) => !mayImport[name]?.includes(each))
        .map((each) => `${folder}/tsconfig.json: ${each}`),
    )
    expect(wrong).toEqual([])
  })

  test('sources import only what their package.json declares', () => {
    const wrong = workspaces.flatMap((workspace) => {
      const declared = new Set(Object.keys(workspace.manifest.dependencies ?? {}))
      return places(
        sourcesOf(workspace).filter((file) => !isTest(file)),
        (file) => packagesIn(file).filter((name) => !declared.has(name)),
      )
    })
    expect(wrong).toEqual([])
  })

  test('tests, scripts and benchmarks import the simulator and what lies below it, and declared tools', () => {
    const tools = [rootManifest.dependencies, rootManifest.devDependencies].flatMap((of) => Object.keys(of ?? {}))
    const outside = typescript.filter((file) => /^(?:bench|scripts|config)\//.test(file))
    const allowed = new Set([...testsMayImport.map((name) => own + name), ...tools])
    // Benchmarks time the product as it is composed, and so enter the one app that composes it.
    const measured = `${own}node`
    const wrong = [
      ...places(outside, (file) =>
        packagesIn(file).filter((name) => !allowed.has(name) && !(file.startsWith('bench/') && name === measured)),
      ),
      ...workspaces.flatMap((workspace) => {
        const declared = new Set(Object.keys(workspace.manifest.dependencies ?? {}))
        return places(sourcesOf(workspace).filter(isTest), (file) =>
          packagesIn(file).filter((name) => !allowed.has(name) && !declared.has(name)),
        )
      }),
    ]
    expect(wrong).toEqual([])
  })

  test('a package is entered through its door alone', () => {
    const deep = places(typescript, (file) =>
      importsOf(read(file)).filter((specifier) => {
        if (specifier.startsWith(own)) return specifier.split('/').length > 2
        return specifier.startsWith('.') && homeOf(posix.join(posix.dirname(file), specifier)) !== homeOf(file)
      }),
    )
    expect(deep).toEqual([])
  })

  test('a contract imports another only through its index.ts', () => {
    const contract = (path: string) => path.match(/^packages\/contracts\/src\/([^/]+)\/(.+)$/)
    const wrong = places(
      typescript.filter((file) => contract(file) && !isTest(file)),
      (file) =>
        importsOf(read(file)).filter((specifier) => {
          const target = contract(posix.join(posix.dirname(file), specifier))
          return specifier.startsWith('.') && target && target[1] !== contract(file)?.[1] && target[2] !== 'index.ts'
        }),
    )
    expect(wrong).toEqual([])
  })

  test('files outside tests import no test and no helper of tests', () => {
    const wrong = places(
      typescript.filter((file) => !isTest(file) && !file.includes('/conformance/')),
      (file) => importsOf(read(file)).filter((specifier) => /\.(?:test|testing)\.ts$/.test(specifier)),
    )
    expect(wrong).toEqual([])
  })
})

/** The package or app that a path lies in; everything else belongs to the root. */
function homeOf(path: string): string {
  return path.match(/^(?:packages|apps)\/[^/]+/)?.[0] ?? 'root'
}

/** Packages of npm and our own that a file imports, by the name under which package.json lists them. */
function packagesIn(file: string): readonly string[] {
  return importsOf(read(file))
    .filter((specifier) => !/^(?:\.|#|node:)/.test(specifier))
    .map((specifier) => specifier.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? specifier)
}

describe('determinism', () => {
  const pure = ['codec', 'kernel', 'contracts', 'policy', 'assembly']
  const sources = (names: readonly string[]) =>
    names.flatMap((name) => sourcesOf({ folder: `packages/${name}` })).filter((file) => !isTest(file))

  test('what consensus and policy decide has no clock, chance, locale, float text or pause', () => {
    expect(places(sources(pure), (file) => found(read(file), [...determinismBans, ...asynchronyBans]))).toEqual([])
  })

  test('what the wallet computes has none either, pauses aside', () => {
    expect(places(sources(['sdk']), (file) => found(read(file), determinismBans))).toEqual([])
  })

  test('neither imports anything of Node', () => {
    const wrong = places(sources([...pure, 'sdk']), (file) =>
      importsOf(read(file)).filter((specifier) => specifier.startsWith('node:')),
    )
    expect(wrong).toEqual([])
  })

  test('the environment, the clock and sockets appear in apps alone and are handed down', () => {
    // Processes of their own read their arguments: the simulator's command, and the one that makes a snapshot.
    const compositionRoots = ['packages/simulator/src/main.ts', 'packages/store/src/snapshot-process.ts']
    const libraries = workspaces
      .filter(({ folder }) => folder.startsWith('packages/'))
      .flatMap(sourcesOf)
      .filter((file) => !isTest(file) && !compositionRoots.includes(file))
    const wrong = places(libraries, (file) => [
      ...found(read(file), surroundingsBans),
      // The connections between nodes are a package of their own: what it takes from clock and disk is handed down.
      ...importsOf(read(file)).filter(
        (specifier) => socketModules.includes(specifier) && !file.startsWith('packages/peers/'),
      ),
    ])
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  test('names are kebab-case', () => {
    const wrong = typescript.filter(
      (file) =>
        !fileName.test(posix.basename(file)) ||
        !posix
          .dirname(file)
          .split('/')
          .every((folder) => /^(?:_template|[a-z0-9]+(?:-[a-z0-9]+)*)$/.test(folder)),
    )
    expect(wrong).toEqual([])
  })

  test('an index.ts stands only at the door of a package or of a contract', () => {
    const door = /^(?:packages|apps)\/[^/]+\/src\/index\.tsx?$|^packages\/contracts\/src\/[^/]+\/index\.ts$/
    expect(typescript.filter((file) => /\/index\.tsx?$/.test(file) && !door.test(file))).toEqual([])
  })

  test('exports are named', () => {
    const wrong = typescript.filter(
      (file) => file !== 'config/vitest.ts' && /^export default\b|\bas default\b/m.test(codeOnly(read(file))),
    )
    expect(wrong).toEqual([])
  })

  test('nothing is left unfinished, and no test is switched off', () => {
    const prose = files.filter((file) => /\.(?:tsx?|cjs|go|md|yaml|yml)$/.test(file))
    expect(prose.filter((file) => unfinished.test(read(file)))).toEqual([])
    expect(typescript.filter((file) => switchedOff.test(codeOnly(read(file))))).toEqual([])
  })

  test('a file has at most 400 lines', () => {
    const linesMax = 400
    const long = typescript
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > linesMax)
      .map(({ file, lines }) => `${file}: ${lines}`)
    expect(long).toEqual([])
  })

  test('no file knows the machine it was written on, or a registry', () => {
    const text = files.filter((file) => /\.(?:tsx?|cjs|json|md|go|mod|sh|yaml|yml)$|^\.|\/run$/.test(file))
    // npm tells a script it runs which registry it uses; whatever that is, no file names it.
    const registry = process.env['npm_config_registry']
    const host = registry ? new URL(registry).host : undefined
    const wrong = places(text, (file) => {
      const source = read(file)
      return [
        ...(machinePath.test(source) ? ['a path of one machine'] : []),
        ...(registryHost.test(source) || (host && source.includes(host)) ? ['the host of a registry'] : []),
      ]
    })
    expect(wrong).toEqual([])
  })

  test('a test that needs data from beside the repository says so in its name when it skips', () => {
    const needy = typescript.filter((file) => file.endsWith('.test.ts') && !file.startsWith('scripts/'))
    const wrong = places(needy, (file) => {
      const source = read(file)
      const guarded = [...source.matchAll(/\b(?:test|describe)\.skipIf\(.*?\)\s*\(\s*(['"`])([\s\S]*?)\1/g)]
      const silent = guarded.filter(([, , name]) => !name?.includes('(needs ')).map(([, , name]) => `"${name}"`)
      return /shared\/data/.test(source) && guarded.length === 0 ? ['nothing skips when the data is absent'] : silent
    })
    expect(wrong).toEqual([])
  })
})

describe('dependencies', () => {
  const lockText = read('package-lock.json')
  const lock = JSON.parse(lockText) as Lock & {
    readonly packages: Readonly<Record<string, { integrity?: string; link?: boolean; optional?: boolean }>>
  }

  test('all are pinned exactly', () => {
    const exact = /^\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?$/
    const loose = [rootManifest, ...workspaces.map(({ manifest }) => manifest)].flatMap((manifest) =>
      [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies, manifest.overrides]
        .flatMap((of) => Object.entries(of ?? {}))
        .filter(([, version]) => !exact.test(version))
        .map(([name, version]) => `${manifest.name}: ${name} ${version}`),
    )
    expect(loose).toEqual([])
  })

  test('the lock has an entry with a version for every optional package, or npm ci refuses it', () => {
    expect(missingOptional(lock)).toEqual([])
  })

  test('the lock holds the hash of everything that may be installed, and no address', () => {
    const unhashed = Object.entries(lock.packages)
      .filter(([path, { integrity, link, optional }]) => {
        return path.startsWith('node_modules/') && !integrity && !link && !optional
      })
      .map(([path]) => path)
    expect(unhashed).toEqual([])
    expect(lockText).not.toContain('"resolved": "http')
  })

  test('npm writes locks without addresses and exact versions', () => {
    expect(read('.npmrc')).toBe('omit-lockfile-registry-resolved=true\nsave-exact=true\n')
  })
})

describe('documents', () => {
  test('every package and app has a README', () => {
    expect(workspaces.map(({ folder }) => `${folder}/README.md`).filter((file) => !exists(file))).toEqual([])
  })

  test('the map in README.md names every package and app', () => {
    // A package stands in the map by its path, or, in a tree, by its name and a slash.
    const map = exists('README.md') ? read('README.md') : undefined
    const missing = workspaces.filter(
      ({ folder }) => map !== undefined && !map.includes(folder) && !map.includes(`${posix.basename(folder)}/`),
    )
    expect(missing.map(({ folder }) => folder)).toEqual([])
  })

  test('every decision has its context, the decision and its consequences', () => {
    const wrong = places(
      files.filter((file) => file.startsWith('docs/decisions/') && file !== 'docs/decisions/README.md'),
      (file) => [
        ...(/^adr-\d{4}-[a-z0-9-]+\.md$/.test(posix.basename(file)) ? [] : ['a name other than adr-NNNN-words.md']),
        ...['Context', 'Decision', 'Consequences'].filter(
          (word) => !new RegExp(`^#+ ${word}\\s*$`, 'm').test(read(file)),
        ),
      ],
    )
    expect(wrong).toEqual([])
  })
})

describe('this test itself', () => {
  test('sees what it bans, and only in code', () => {
    const banned = [
      'const now = Date.now()',
      'setTimeout(step, 5)',
      'const pick = Math.random()',
      'names.sort((a, b) => a.localeCompare(b))',
      'const value = Number.parseFloat(text)',
      'const root = Math.sqrt(area)',
      'const held = new WeakRef(value)',
      'return eval(text)',
    ]
    for (const [index, line] of banned.entries()) {
      expect(found(line, determinismBans), line).toEqual([`line 1: ${determinismBans[index]?.what}`])
    }
    expect(found('async function wait() {}', asynchronyBans)).toEqual(['line 1: asynchrony'])
    expect(found(`const secret = \${process.env['A']}`, surroundingsBans)).toEqual(['line 1: the environment'])
    expect(found('const at = new Date()', surroundingsBans)).toEqual(['line 1: the clock'])
    expect(found('const at = new Date(text)', surroundingsBans)).toEqual([])
    const harmless = `// a Date\n/* await */ const type = 'Date' + "Intl" + \`Promise \${name} async\` + /await'/.source`
    expect(found(harmless, [...determinismBans, ...asynchronyBans])).toEqual([])
    expect(found(`const at = \`\${Date.now()}\``, determinismBans)).toEqual(['line 1: a clock'])
    expect(found('const answer = await fetch(address)', surroundingsBans)).toEqual(['line 1: a socket'])
    expect(found('const held = mailbox.fetch(cursor)', surroundingsBans)).toEqual([])
  })

  test('sees every way to import', () => {
    const source = [
      "import { a } from 'one'",
      "import type {\n  B,\n} from './two.ts'",
      "export * from './three.ts'",
      "import 'four'",
      `const five = await ${'import'}('five')`,
      "// import { six } from 'six'",
      `const text = "taken from 'seven' lately"`,
    ].join('\n')
    expect(importsOf(source)).toEqual(['./three.ts', './two.ts', 'five', 'four', 'one'])
  })

  test('reads the repository it stands in', () => {
    expect(files).toContain('scripts/tidy.test.ts')
    expect(workspaces.length).toBeGreaterThan(10)
    expect(root.endsWith('/')).toBe(true)
    expect(machinePath.test(`see /${'home'}/someone`)).toBe(true)
    expect(registryHost.test(['https://registry', 'example', 'org/'].join('.'))).toBe(true)
    expect(unfinished.test(`// ${'TO'}DO: later`)).toBe(true)
    expect(switchedOff.test(`test.${'on'}ly('x')`)).toBe(true)
  })
})
