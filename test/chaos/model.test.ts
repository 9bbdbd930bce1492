import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { tryFindProgram } from '../../src/testing/find-program.js'
import { PROJECT_DIR } from '../support/build.js'
import { ensureTool, type Tool } from '../support/tools.js'

const MODEL = join(PROJECT_DIR, 'test/model/everybeat.pml')
const MEMORY_MB = 1_000
const TIMEOUT_MS = 240_000
const run = promisify(execFile)

let spin: Tool
beforeAll(async () => {
  spin = await ensureTool('spin')
})

const MUTATIONS = [
  ['M_NO_COMPARE', 'a claim reads and writes in two steps', /assertion violated/],
  ['M_NO_LEASE', 'a settlement does not look at who holds the run', /assertion violated \(recorded/],
  ['M_WORKER_CLOCK', 'the clock is taken from the worker', /assertion violated/],
  ['M_NO_CONFIRM', 'a run starts although its lease ended', /assertion violated .*other/],
  ['M_BUSY', 'what waits for a lease stays at the head', /non-progress cycle/],
] as const

interface Verdict {
  errors: number
  states: number
  what: string
}

/** Has the model checked with these definitions: every state for broken assertions, and with `NP` for busy loops. */
async function checkModel(context: TestContext, defines: readonly string[], mode: 'SAFETY' | 'NP'): Promise<Verdict> {
  const compiler = tryFindProgram(['gcc', 'cc', 'clang'])
  if (spin.kind === 'missing') return context.skip(spin.reason)
  if (compiler === null) return context.skip('the checker is a C program, and there is no C compiler here')
  const cwd = mkdtempSync(join(tmpdir(), 'everybeat-model-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  await run(spin.path, ['-a', ...defines.map((name) => `-D${name}`), MODEL], { cwd })
  const options = [`-D${mode}`, `-DMEMLIM=${MEMORY_MB}`, '-DCOLLAPSE']
  await run(compiler, ['-O1', '-w', ...options, '-o', 'pan', 'pan.c'], { cwd })
  const { stdout } = await run('./pan', [...(mode === 'NP' ? ['-l'] : []), '-m1000000', '-w22'], {
    cwd,
    timeout: TIMEOUT_MS,
    maxBuffer: 2 ** 24,
  })
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN)
  expect(stdout, 'the search has to be complete').not.toMatch(/max search depth too small|out of memory|aborting/i)
  return {
    errors: number(/errors: (\d+)/),
    states: number(/(\d+) states, stored/),
    what: /^pan:1: (.*)/m.exec(stdout)?.[1] ?? '',
  }
}

describe('the model of claim, lease, settle, crash and recovery', () => {
  for (const policy of ['SKIP', 'RERUN']) {
    it(`the model of claim, lease, settle, crash and recovery keeps its promises under ${policy}: no double start, no loss, no deadlock, no busy loop`, async (context) => {
      const verdict = await checkModel(context, [policy], 'NP')
      expect(verdict).toMatchObject({ errors: 0, what: '' })
      expect(verdict.states).toBeGreaterThan(50_000)
    })

    it(`the model of claim, lease, settle, crash and recovery keeps its safety promises under ${policy} with three workers`, async (context) => {
      const verdict = await checkModel(context, [policy, 'WORKERS=3', 'LOSSES=1'], 'SAFETY')
      expect(verdict).toMatchObject({ errors: 0, what: '' })
    })

    it(`the model of claim, lease, settle, crash and recovery keeps its remaining promises under ${policy} when Redis's clock jumps ahead`, async (context) => {
      const verdict = await checkModel(context, [policy, 'JUMP'], 'NP')
      expect(verdict).toMatchObject({ errors: 0, what: '' })
      // With an assertion that a jump makes false, the checker finds the violation: so the search covers the jump.
      const strict = await checkModel(context, [policy, 'JUMP', 'STRICT'], 'NP')
      expect(strict.what).toMatch(/assertion violated .*other/)
    })

    for (const [mutation, what, complaint] of MUTATIONS) {
      it(`the model of claim, lease, settle, crash and recovery catches ${policy} with ${mutation}: ${what}`, async (context) => {
        const verdict = await checkModel(context, [policy, mutation], 'NP')
        expect(verdict.errors).toBe(1)
        expect(verdict.what).toMatch(complaint)
      })
    }
  }
})
