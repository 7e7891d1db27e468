import { existsSync, statfsSync } from 'node:fs'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: 'test/support/say-what-skips.ts',
    pool: 'forks',
    maxWorkers: 2,
    // A wait ends as soon as it can; the limit is for machines that are busy with something else.
    expect: { poll: { timeout: 15_000 } },
    env: temporaryFolder(),
  },
})

export default config

/**
 * Databases of the tests go to memory where the machine has a folder for that: every commit waits for the disk, and right
 * after an installation the disk is busy. Nothing that is tested depends on power staying on.
 */
function temporaryFolder(): Record<string, string> {
  const folder = '/dev/shm'
  if (!existsSync(folder)) return {}
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize > 2e9 ? { TMPDIR: folder } : {}
}
