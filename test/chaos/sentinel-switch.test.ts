import { expect, it } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { waitFor } from '../support/wait-for.js'
import { createRandom } from './harness/random.js'
import { startSentinelGroup } from './harness/sentinel.js'

const STEP_MS = 100

it('workers leave a primary that lives when sentinels have replaced it, seconds before it is told itself', async () => {
  await using group = await startSentinelGroup()
  const starts = new Map<string, number>()
  await using beat = new Everybeat({ ...(group.workerOptions as EverybeatOptions), logger: false })
  const tick = beat.task('tick', ({ id }) => void starts.set(id, (starts.get(id) ?? 0) + 1))
  await tick.schedule('tick', { every: STEP_MS, overlap: 'allow', misfire: 'all', maxCatchUp: 1_000 })
  await beat.start()
  await waitFor(() => starts.size > 5, { what: 'runs' })
  await group.failOver('planned', createRandom(1))
  const before = starts.size
  await waitFor(() => starts.size > before + 20, { what: 'runs afterwards' })
  const repeated = [...starts.values()].filter((count) => count > 1).length
  process.stderr.write(`sentinel switch: what was started in ${repeated * STEP_MS} ms was started again\n`)
  // Without news of the switch it is ten seconds.
  expect(repeated * STEP_MS).toBeLessThan(6_000)
})
