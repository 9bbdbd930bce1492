import { execFile } from 'node:child_process'
import { AsyncResource } from 'node:async_hooks'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createTestFleet } from '../../../src/testing/index.js'

const run = promisify(execFile)

/** How many stores of async contexts Node.js carries into each resource of the process; none are seen where it keeps them elsewhere. */
function carriedStores(): number {
  return Object.getOwnPropertySymbols(new AsyncResource('looking')).length
}

/** Kills a worker whose command is under way, and waits as long as a timer keeps the process alive, at most for 5 s. */
const KILL_AND_END = `
  import { createTestFleet } from ${JSON.stringify(new URL('../../../src/testing/index.ts', import.meta.url).href)}
  const fleet = await createTestFleet({ latencyMs: 40 })
  const worker = await fleet.worker((beat) => beat.task('work', () => {}))
  await fleet.schedules.put('work', { every: '1m' })
  worker.schedules.get('work').catch(() => {})
  await fleet.advance('10ms')
  await fleet.kill(worker)
  await fleet[Symbol.asyncDispose]()
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const until = performance.now() + 5_000
  while (timers() > 0 && performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
  process.stdout.write('timers ' + timers())
  process.exit(0)
`

describe('a disposed test fleet', () => {
  it('the async contexts of the handlers of a disposed test fleet do not reach later code', async () => {
    const before = carriedStores()
    const fleet = await createTestFleet()
    await fleet.worker((beat) => beat.task('work', () => fleet.sleep('1s')))
    await fleet.schedules.put('work', { every: '1m' })
    expect(await fleet.advance('2m')).not.toEqual([])
    await fleet[Symbol.asyncDispose]()
    expect(carriedStores()).toBe(before)
  })

  it('a worker that was killed while the store answers it does not keep the process alive', async () => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', KILL_AND_END])
    expect(stdout).toBe('timers 0')
  })
})
