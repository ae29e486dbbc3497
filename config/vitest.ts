import { existsSync } from 'node:fs'
import { builtEngineIn } from '@plexus/engine'
import { defineConfig } from 'vitest/config'

const root = new URL('..', import.meta.url).pathname
const goFolder = `${root}packages/engine/go`
/** Copies of a part of the repository have no engine at all. */
const hasEngine =
  existsSync(goFolder) && existsSync(builtEngineIn({ goFolder, cache: `${root}node_modules/.cache/engine` }))

/**
 * The exchange's rules hold on either engine: these files are run again with CometBFT beside each member. Left out are those
 * that move the time of blocks, which validators take from their own clocks, or break what only the embedded engine has.
 */
const onBothEngines = [
  'access-rules',
  'closing-the-door',
  'clocks-and-processes',
  'every-bundle',
  'known-chart',
  'nonces',
  'what-is-released',
].map((name) => `apps/node/conformance/${name}.test.ts`)

/** Told in a browser against one demonstration, which is started once for all of them. */
const stories = 'apps/web/stories/**/*.test.ts'

export default defineConfig({
  root,
  test: {
    // Worlds with real cryptography and real disks take seconds; a hang must still end.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // Most of them wait for disks, processes and blocks: a processor for each file, also where there are two.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['{packages,apps,bench,scripts}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/_template/**', stories],
        },
      },
      ...(hasEngine
        ? [
            {
              extends: true as const,
              test: { name: 'exchange on CometBFT', include: onBothEngines, env: { PLEXUS_ENGINE: 'cometbft' } },
            },
          ]
        : []),
      {
        extends: true,
        test: {
          name: 'stories',
          include: [stories],
          globalSetup: 'apps/web/stories/demonstration.testing.ts',
          // A test is a scene of a story: several pages, each waited for.
          testTimeout: 600_000,
        },
      },
    ],
  },
})
