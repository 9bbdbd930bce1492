import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { NEEDS_A_REAL_SERVER } from './test/support/needs-a-real-server.js'
import { WAIT_MS } from './test/support/wait-for.js'

// EVERYBEAT_IOREDIS=6 runs everything with ioredis 6 in place of 5: here, and in the processes that tests start.
const usesIoredis6 = process.env.EVERYBEAT_IOREDIS === '6'
if (usesIoredis6) {
  const preload = new URL('test/support/ioredis-6.mjs', import.meta.url).href
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import ${preload}`.trim()
}

const suite = (name: string, options: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node',
    // A poll waits as long as `waitFor`: a machine that stalls for seconds breaks neither.
    expect: { poll: { timeout: WAIT_MS } },
    globalSetup: ['test/support/global-setup.ts'],
    alias: usesIoredis6 ? { ioredis: 'ioredis-6' } : {},
    ...options,
  },
})

/** The tests of the redis project once more, on the memory store, so that the two servers cannot drift apart. */
const onMemory = {
  include: ['test/redis/**/*.test.ts'],
  exclude: Object.keys(NEEDS_A_REAL_SERVER),
  setupFiles: ['test/support/skip-what-needs-a-real-server.ts'],
  env: { EVERYBEAT_REDIS_SERVER: fileURLToPath(new URL('test/support/memory-redis-server.mjs', import.meta.url)) },
}

// Two versions of Node in one fleet: only for who has a second one, EVERYBEAT_SECOND_NODE=/path/to/node.
const exclude = process.env.EVERYBEAT_SECOND_NODE ? [] : ['test/e2e/mixed-node.test.ts']

export default defineConfig({
  test: {
    projects: [
      suite('unit', { testTimeout: 60_000, hookTimeout: 60_000 }),
      suite('contract', { testTimeout: 120_000, hookTimeout: 60_000 }),
      suite('redis', { testTimeout: 120_000, hookTimeout: 60_000 }),
      // They wait more than they compute.
      suite('redis-memory', {
        ...onMemory,
        testTimeout: 120_000,
        hookTimeout: 60_000,
        maxWorkers: 3,
        sequence: { groupOrder: 1 },
      }),
      suite('simulation', { testTimeout: 120_000 }),
      suite('e2e', { exclude, testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false }),
      suite('setups', { testTimeout: 300_000, hookTimeout: 600_000, fileParallelism: false }),
      suite('chaos', { testTimeout: 900_000, hookTimeout: 120_000, fileParallelism: false }),
    ],
    maxWorkers: 2,
    reporters: ['default', './test/tools/summary-reporter.mjs'],
  },
})
