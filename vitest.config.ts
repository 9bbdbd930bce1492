import { defineConfig } from 'vitest/config'

const suite = (name: string, options: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node',
    globalSetup: ['test/support/global-setup.ts'],
    ...options,
  },
})

export default defineConfig({
  test: {
    projects: [
      suite('unit', { testTimeout: 20_000 }),
      suite('contract', { testTimeout: 60_000, hookTimeout: 60_000 }),
      suite('redis', { testTimeout: 60_000, hookTimeout: 60_000 }),
      suite('e2e', { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false }),
      suite('chaos', { testTimeout: 900_000, hookTimeout: 120_000, fileParallelism: false }),
    ],
    maxWorkers: 2,
    reporters: ['default', './test/tools/summary-reporter.mjs'],
  },
})
