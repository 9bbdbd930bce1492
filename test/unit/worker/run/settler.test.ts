import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Settlement, SettleOutcome, WorkerStore } from '../../../../src/worker/store.js'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { createSettler } from '../../../../src/worker/run/settler.js'

function createStore() {
  const calls: string[][] = []
  const store = {
    settle: (settlements: readonly Settlement[]): Promise<SettleOutcome[]> => {
      calls.push(settlements.map(({ reason }) => reason))
      return Promise.resolve(settlements.map(() => 'settled'))
    },
  } as unknown as WorkerStore
  return { calls, settler: createSettler(store, SYSTEM_TIME, () => {}) }
}

const settlementOf = (reason: string) => () => ({ reason }) as Settlement
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Time that stands still, and with it whatever waits for a timer. */
function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('settlements', () => {
  it('that come together go in one call', async () => {
    const { calls, settler } = createStore()
    await Promise.all([settler.settle(settlementOf('a')), settler.settle(settlementOf('b'))])
    expect(calls).toEqual([['a', 'b']])
  })

  it('stand back while something is claimed, until that is over', async () => {
    stopTime()
    const { calls, settler } = createStore()
    settler.hold()
    const settled = settler.settle(settlementOf('a'), true)
    await turn()
    await turn()
    expect(calls).toEqual([])
    settler.release()
    expect(await settled).toMatchObject({ outcome: 'settled' })
  })

  it('do not stand back when somebody waits for the end of one of them', async () => {
    const { calls, settler } = createStore()
    settler.hold()
    const settled = [settler.settle(settlementOf('a'), true), settler.settle(settlementOf('urgent'))]
    await Promise.all(settled)
    expect(calls).toEqual([['a', 'urgent']])
  })

  it('go by themselves when a claim takes long', async () => {
    const { calls, settler } = createStore()
    settler.hold()
    await settler.settle(settlementOf('a'), true)
    expect(calls).toEqual([['a']])
  })

  it('stand back at the beginning of a busy time only', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { calls, settler } = createStore()
    for (let passed = 0; passed < 190; passed += 10) {
      settler.hold()
      void settler.settle(settlementOf('early'), true)
      vi.advanceTimersByTime(10)
    }
    expect(calls).toEqual([])
    vi.advanceTimersByTime(20)
    expect(calls).toHaveLength(1)
    settler.hold()
    void settler.settle(settlementOf('late'), true)
    vi.advanceTimersByTime(1)
    expect(calls.at(-1)).toEqual(['late'])
    settler.release()
    settler.hold()
    void settler.settle(settlementOf('of another time'), true)
    vi.advanceTimersByTime(50)
    expect(calls).toHaveLength(2)
  })

  it('that cannot be made keep no other of their call from being settled', async () => {
    const { calls, settler } = createStore()
    const broken = settler.settle(() => {
      throw new Error('no settlement')
    })
    const settled = settler.settle(settlementOf('a'))
    await expect(broken).rejects.toThrow('no settlement')
    expect(await settled).toMatchObject({ outcome: 'settled' })
    expect(calls).toEqual([['a']])
  })

  it('are made when they are sent', async () => {
    stopTime()
    const { settler } = createStore()
    settler.hold()
    let made = 0
    const decide = () => {
      made += 1
      return settlementOf('a')()
    }
    const settled = settler.settle(decide, true)
    await turn()
    expect(made).toBe(0)
    settler.release()
    await settled
    expect(made).toBe(1)
  })

  it('that stand back go before the worker stops', async () => {
    const { calls, settler } = createStore()
    settler.hold()
    void settler.settle(settlementOf('a'), true)
    await settler.stop(1_000)
    expect(calls).toEqual([['a']])
  })
})
