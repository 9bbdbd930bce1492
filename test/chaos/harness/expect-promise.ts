import { expect, type TestContext } from 'vitest'
import { FAULTS } from './faults.js'
import { runScenario } from './scenario.js'
import { Unavailable } from './stage.js'

const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 8)
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000))

/**
 * Runs a fault for some seconds and expects that its promise is kept; says how to do the same again. Skips, with the
 * reason, what this machine cannot do.
 */
export async function expectPromise(context: TestContext, fault: string): Promise<void> {
  const again = `npm run chaos -- --faults ${fault} --seed ${SEED} --seconds ${SECONDS}`
  const result = await runScenario(FAULTS[fault]!, { seconds: SECONDS, seed: SEED }).catch((error: unknown) => {
    if (error instanceof Unavailable) context.skip(error.message)
    throw error
  })
  expect(result.problems, again).toEqual([])
  // A run in which nothing was due, or nothing was done, would keep any promise.
  expect(result.checked, again).toBeGreaterThan(SECONDS * 8)
  expect(result.started, again).toBeGreaterThan(result.checked / 3)
  expect(result.injections, again).toBeGreaterThan(0)
}
