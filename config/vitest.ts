import { defineConfig } from 'vitest/config'

/** Told in a browser against one demonstration, which is started once for all of them. */
const stories = 'apps/web/stories/**/*.test.ts'

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
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
