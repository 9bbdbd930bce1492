import { expect, it } from 'vitest'
import { ActiveRun } from '../../../../src/worker/run/active-run.js'
import { HandlerRun } from '../../../../src/worker/run/handler-run.js'
import type { RunDefinition } from '../../../../src/worker/run/definition-cache.js'
import type { ClaimedRun } from '../../../../src/worker/store.js'

function createRuns() {
  const claimed = { runId: 'a@1', schedule: 'a', nominalMs: 1, attempt: 1, fence: 7, kind: 'manual' } as ClaimedRun
  const active = new ActiveRun({
    claimed,
    definition: {} as RunDefinition,
    shard: 0,
    task: 'job',
    isAcknowledged: true,
  })
  return { active, run: new HandlerRun('w', active, { n: 1 }, 5) }
}

it('the run of a handler has every field of the contract, the signal too, and so has a copy of the run', () => {
  const { active, run } = createRuns()
  const copy = { ...run }
  active.abort('timeout', 'too long')
  for (const one of [run, copy]) {
    expect(one).toMatchObject({ id: 'a@1', schedule: 'a', task: 'job', payload: { n: 1 }, manual: true, worker: 'w' })
    expect(one.scheduledAt).toEqual(new Date(1))
    expect(one.startedAt).toEqual(new Date(5))
    expect(one.signal.aborted).toBe(true)
  }
  expect(copy.signal).toBe(run.signal)
})

it('the run of a handler keeps the signals of two runs apart', () => {
  const [first, second] = [createRuns(), createRuns()]
  first.active.abort('cancelled', 'somebody cancelled it')
  expect(first.run.signal.aborted).toBe(true)
  expect(second.run.signal.aborted).toBe(false)
})
