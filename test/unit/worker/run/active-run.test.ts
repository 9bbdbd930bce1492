import { describe, expect, it } from 'vitest'
import { ActiveRun } from '../../../../src/worker/run/active-run.js'
import type { RunDefinition } from '../../../../src/worker/run/definition-cache.js'
import type { ClaimedRun } from '../../../../src/worker/store.js'

const createRun = () =>
  new ActiveRun({
    claimed: { runId: 'a@1' } as ClaimedRun,
    definition: {} as RunDefinition,
    shard: 0,
    task: 'a',
    isAcknowledged: true,
  })

describe('the signal of a run', () => {
  it('the signal of a run aborts with the reason, once', () => {
    const run = createRun()
    const { signal } = run
    expect(signal.aborted).toBe(false)
    expect(run.abort('timeout', 'too long')).toBe(true)
    expect(run.abort('shutdown', 'later')).toBe(false)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ code: 'ERR_EVERYBEAT_TIMEOUT', message: expect.stringContaining('too long') })
    expect(run.aborted).toMatchObject({ kind: 'timeout', error: signal.reason })
  })

  it('the signal of a run is aborted already for a handler that reads it after the abort', () => {
    const run = createRun()
    run.abort('cancelled', 'somebody cancelled it')
    expect(run.signal.aborted).toBe(true)
    expect(run.signal.reason).toBe(run.aborted?.error)
    expect(run.signal).toBe(run.signal)
  })
})

describe('a wait for a run', () => {
  it('a listener of a run is called once for its abort and once for its end, also when it is added later', () => {
    const run = createRun()
    const heard: string[] = []
    run.onAbort(() => heard.push('abort'))
    run.onEnd(() => heard.push('end'))
    run.abort('replaced', 'a newer one')
    run.abort('replaced', 'a newer one')
    run.end()
    run.onAbort(() => heard.push('late abort'))
    run.onEnd(() => heard.push('late end'))
    expect(heard).toEqual(['abort', 'end', 'late abort', 'late end'])
  })
})
