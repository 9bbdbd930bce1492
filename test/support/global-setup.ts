import type { TestProject } from 'vitest/node'
import { ensureRedisServer } from '../../src/testing/redis-server.js'
import { ensureBuild } from './build.js'
import { ensureTool, type ToolName } from './tools.js'

/** What a suite needs before its first test, beside `node_modules`. */
interface Needs {
  build: boolean
  redis: boolean
  tools: ToolName[]
}

const NEEDS: Record<string, Needs> = {
  contract: { build: true, redis: false, tools: ['prometheus'] },
  redis: { build: true, redis: true, tools: [] },
  'redis-memory': { build: true, redis: false, tools: [] },
  e2e: { build: true, redis: true, tools: ['chromium', 'prometheus'] },
  setups: { build: true, redis: true, tools: [] },
  chaos: { build: true, redis: true, tools: ['faketime', 'spin'] },
}

// Every project runs this module; the build of one project serves all.
const prepared = ((globalThis as { everybeatPrepared?: Map<string, Promise<unknown>> }).everybeatPrepared ??= new Map())

/** Vitest's global set-up: builds, and installs what can be installed, once for all suites of this run. */
export async function setup(project: TestProject): Promise<void> {
  const needs = NEEDS[project.name]
  if (needs === undefined) return
  if (needs.build) await once('build', () => ensureBuild(showProgress))
  if (needs.redis) await once('redis', () => ensureRedisServer({ onProgress: showProgress }))
  for (const name of needs.tools) {
    await once(name, async () => {
      const tool = await ensureTool(name, showProgress)
      if (tool.kind === 'missing') showProgress(`Some tests are skipped: ${tool.reason}`)
    })
  }
}

function once(name: string, prepare: () => Promise<unknown>): Promise<unknown> {
  if (!prepared.has(name)) prepared.set(name, prepare())
  return prepared.get(name) ?? Promise.resolve()
}

function showProgress(line: string): void {
  process.stderr.write(`${line}\n`)
}
