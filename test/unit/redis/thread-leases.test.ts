import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ExtendOutcome, HeldLease } from '../../../src/redis/lease/extend-leases.js'
import { CELLS, shareCells, toMicroseconds } from '../../../src/redis/lease/lease-thread-messages.js'
import { ThreadLeases } from '../../../src/redis/lease/thread-leases.js'
import { SYSTEM_TIME } from '../../../src/time-source.js'

const LEASE_MS = 30_000

function createLeases(outcomeOf: (key: string) => ExtendOutcome = () => 'extended') {
  const calls: string[][] = []
  const lost: number[] = []
  const life = shareCells(1)
  const leases = new ThreadLeases({
    leaseMs: LEASE_MS,
    time: SYSTEM_TIME,
    life,
    extend: (held: readonly HeldLease[]) => {
      calls.push(held.map(({ key }) => key))
      return Promise.resolve(held.map(({ key }) => outcomeOf(key)))
    },
    onLost: (id) => void lost.push(id),
  })
  const keep = (id: number, { shard = 0, until = null as number | null } = {}) => {
    const cells = shareCells(CELLS.count)
    const trustedUntil = performance.now() + LEASE_MS * 0.9
    leases.keep({ kind: 'keep', id, shard, key: String(id), token: 't', trustedUntil, until, cells })
    return cells
  }
  const showLife = () => void Atomics.store(life, 0, toMicroseconds(performance.now()))
  showLife()
  onTestFinished(() => leases.stop())
  return { calls, lost, leases, keep, showLife }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
})

describe('the leases of the lease thread', () => {
  it('the lease thread extends many leases in few calls, one a shard, and says how long each is trusted', async () => {
    const { calls, keep } = createLeases()
    const cells = []
    for (let id = 0; id < 200; id += 1) {
      cells.push(keep(id, { shard: id % 2 }))
      await vi.advanceTimersByTimeAsync(10)
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(calls.map((call) => call.length)).toEqual([100, 100])
    const trustedUntil = cells.map((cell) => Number(Atomics.load(cell, CELLS.trustedUntil)) / 1_000)
    expect(Math.min(...trustedUntil)).toBeGreaterThan(performance.now() + LEASE_MS * 0.8)
  })

  it('the lease thread says which lease is lost, and extends the others', async () => {
    const { calls, lost, keep } = createLeases((key) => (key === '2' ? 'lost' : 'extended'))
    const cells = [1, 2, 3].map((id) => keep(id))
    await vi.advanceTimersByTimeAsync(25_000)
    expect(lost).toEqual([2])
    expect(cells.map((cell) => Atomics.load(cell, CELLS.isLost))).toEqual([0n, 1n, 0n])
    expect(calls).toEqual([
      ['1', '2', '3'],
      ['1', '3'],
    ])
  })

  it('the lease thread extends no lease that is released, whose time is over, or whose event loop is blocked', async () => {
    const { calls, leases, keep, showLife } = createLeases()
    for (const id of [1, 2, 3]) keep(id, { until: id === 2 ? performance.now() + 15_000 : null })
    leases.release(1)
    await vi.advanceTimersByTimeAsync(25_000)
    expect(calls).toEqual([['2', '3'], ['3']])
    showLife()
    await vi.advanceTimersByTimeAsync(LEASE_MS * 11)
    calls.length = 0
    await vi.advanceTimersByTimeAsync(LEASE_MS * 11)
    expect(calls).toEqual([])
  })
})
