import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { ActiveRun } from '../../../../src/worker/run/active-run.js'
import { LeaseKeeper } from '../../../../src/worker/run/lease-keeper.js'
import type { ClaimedRun, WorkerStore } from '../../../../src/worker/store.js'

const LEASE_MS = 30_000

type Answer = (runs: readonly ClaimedRun[]) => Promise<('extended' | 'lost')[]>

/** A keeper of a store that notes its calls. */
function createKeeper(answer: Answer = (runs) => Promise.resolve(runs.map(() => 'extended'))) {
  const calls: string[][] = []
  const lost: string[] = []
  const store = {
    extendLeases: (runs: readonly ClaimedRun[]) => {
      calls.push(runs.map(({ runId }) => runId))
      return answer(runs)
    },
  } as unknown as WorkerStore
  const keeper = new LeaseKeeper({
    leaseMs: LEASE_MS,
    time: SYSTEM_TIME,
    thread: null,
    onLost: (run) => void lost.push(run.claimed.runId),
  })
  const watch = (runId: string) => {
    const claimed = { runId, leaseLeftMs: LEASE_MS } as ClaimedRun
    const run = new ActiveRun({ claimed, definition: null!, shard: 0, task: 't', isAcknowledged: true })
    keeper.watch(run, store, performance.now(), Date.now())
    return run
  }
  onTestFinished(() => keeper.stop())
  return { calls, lost, keeper, watch }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
})

describe('the leases of long runs', () => {
  it('the leases of a thousand runs that started one after the other are extended in a few calls, and none is lost', async () => {
    const { calls, lost, watch } = createKeeper()
    const runs: ActiveRun[] = []
    for (let count = 0; count < 1_000; count += 1) {
      runs.push(watch(`run-${count}`))
      await vi.advanceTimersByTimeAsync(10)
    }
    calls.length = 0
    await vi.advanceTimersByTimeAsync(60_000)
    expect(calls.length).toBeLessThanOrEqual(30)
    expect(new Set(calls.flat()).size).toBe(1_000)
    expect(lost).toEqual([])
    expect(runs.some((run) => run.aborted)).toBe(false)
  })

  it('a lost lease ends its own run, and no other run of the same call', async () => {
    const { lost, watch } = createKeeper((runs) =>
      Promise.resolve(runs.map(({ runId }) => (runId === 'b' ? 'lost' : 'extended'))),
    )
    const [a, b, c] = ['a', 'b', 'c'].map(watch)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(lost).toEqual(['b'])
    expect(b!.aborted).toMatchObject({ kind: 'lease-lost' })
    expect([a!.aborted, c!.aborted]).toEqual([null, null])
  })

  it('leases whose extension is not answered are extended again, and trust in them ends before they do', async () => {
    const { calls, lost, watch } = createKeeper(() => Promise.reject(new Error('no connection')))
    watch('a')
    watch('b')
    await vi.advanceTimersByTimeAsync(LEASE_MS * 0.85)
    expect(calls.length).toBeGreaterThan(3)
    expect(lost).toEqual([])
    await vi.advanceTimersByTimeAsync(LEASE_MS * 0.1)
    expect(lost).toEqual(['a', 'b'])
  })

  it('a late answer prolongs trust from the moment at which its call was sent', async () => {
    let answer = () => {}
    const { keeper, watch } = createKeeper(
      (runs) => new Promise((resolve) => (answer = () => resolve(runs.map(() => 'extended')))),
    )
    const run = watch('a')
    const trustedUntil = run.trustedUntilMonotonic
    await vi.advanceTimersByTimeAsync(LEASE_MS / 2)
    answer()
    await vi.advanceTimersByTimeAsync(0)
    expect(run.trustedUntilMonotonic - trustedUntil).toBeLessThanOrEqual(LEASE_MS / 3 + 1)
    expect(keeper.isTrusted(run)).toBe(true)
  })
})
