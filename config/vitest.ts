import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['{packages,apps,bench,scripts}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/_template/**'],
    // Worlds with real cryptography and real disks take seconds; a hang must still end.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // Most of them wait for disks, processes and blocks: a processor for each file, also where there are two.
    maxWorkers: '100%',
  },
})
