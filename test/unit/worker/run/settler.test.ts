import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Settlement, SettleOutcome, WorkerStore } from '../../../../src/worker/store.js'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { Settler } from '../../../../src/worker/run/settler.js'

function createStore() {
  const calls: string[][] = []
  const store = {
    settle: (settlements: readonly Settlement[]): Promise<SettleOutcome[]> => {
      calls.push(settlements.map(({ reason }) => reason))
      return Promise.resolve(settlements.map(() => 'settled'))
    },
  } as unknown as WorkerStore
  return { calls, settler: new Settler(store, SYSTEM_TIME, { onError: () => {}, onSuccess: () => {} }) }
}

const settlementOf = (reason: string) => () => ({ reason }) as Settlement
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Time that stands still, and with it whatever waits for a timer. */
function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('settlements', () => {
  it('settlements that come together go in one call', async () => {
    const { calls, settler } = createStore()
    await Promise.all([settler.settle(settlementOf('a')), settler.settle(settlementOf('b'))])
    expect(calls).toEqual([['a', 'b']])
  })

  it('settlements are deferred while a claim is under way', async () => {
    stopTime()
    const { calls, settler } = createStore()
    settler.defer()
    const settled = settler.settle(settlementOf('a'), true)
    await turn()
    await turn()
    expect(calls).toEqual([])
    settler.flush()
    expect(await settled).toMatchObject({ outcome: 'settled' })
  })

  it('settlements are not deferred when something waits for the end of one of them', async () => {
    const { calls, settler } = createStore()
    settler.defer()
    const settled = [settler.settle(settlementOf('a'), true), settler.settle(settlementOf('urgent'))]
    await Promise.all(settled)
    expect(calls).toEqual([['a', 'urgent']])
  })

  it('deferred settlements are sent when the claim takes long', async () => {
    const { calls, settler } = createStore()
    settler.defer()
    await settler.settle(settlementOf('a'), true)
    expect(calls).toEqual([['a']])
  })

  it('settlements are deferred at the beginning of a busy time only', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { calls, settler } = createStore()
    for (let passed = 0; passed < 190; passed += 10) {
      settler.defer()
      void settler.settle(settlementOf('early'), true)
      vi.advanceTimersByTime(10)
    }
    expect(calls).toEqual([])
    vi.advanceTimersByTime(20)
    expect(calls).toHaveLength(1)
    settler.defer()
    void settler.settle(settlementOf('late'), true)
    vi.advanceTimersByTime(1)
    expect(calls.at(-1)).toEqual(['late'])
    settler.flush()
    settler.defer()
    void settler.settle(settlementOf('of another time'), true)
    vi.advanceTimersByTime(50)
    expect(calls).toHaveLength(2)
  })

  it('a settlement that cannot be decided keeps no other of its call from being sent', async () => {
    const { calls, settler } = createStore()
    const broken = settler.settle(() => {
      throw new Error('no settlement')
    })
    const settled = settler.settle(settlementOf('a'))
    await expect(broken).rejects.toThrow('no settlement')
    expect(await settled).toMatchObject({ outcome: 'settled' })
    expect(calls).toEqual([['a']])
  })

  it('a settlement is decided when it is sent', async () => {
    stopTime()
    const { settler } = createStore()
    settler.defer()
    let made = 0
    const decide = () => {
      made += 1
      return settlementOf('a')()
    }
    const settled = settler.settle(decide, true)
    await turn()
    expect(made).toBe(0)
    settler.flush()
    await settled
    expect(made).toBe(1)
  })

  it('deferred settlements are sent before the worker stops', async () => {
    const { calls, settler } = createStore()
    settler.defer()
    void settler.settle(settlementOf('a'), true)
    await settler.stop(1_000)
    expect(calls).toEqual([['a']])
  })
})
