import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Settlement, SettleOutcome, WorkerStore } from '../../../../src/worker/store.js'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { GAP_MS, HOLD_MS, Settler } from '../../../../src/worker/run/settler.js'

/** A settler of a store that answers at once, or, with `isSlow`, when the test says so. */
function createStore({ isSlow = false } = {}) {
  const calls: string[][] = []
  const answers: ((outcome: SettleOutcome | Error) => void)[] = []
  const errors: unknown[] = []
  const store = {
    settle: (settlements: readonly Settlement[]): Promise<SettleOutcome[]> => {
      calls.push(settlements.map(({ reason }) => reason))
      return new Promise((resolve, reject) => {
        const answer = (outcome: SettleOutcome | Error) =>
          outcome instanceof Error ? reject(outcome) : resolve(settlements.map(() => outcome))
        if (isSlow) answers.push(answer)
        else answer('settled')
      })
    },
  } as unknown as WorkerStore
  const observer = { onError: (error: unknown) => void errors.push(error), onSuccess: () => {} }
  return { calls, answers, errors, settler: new Settler(store, SYSTEM_TIME, observer) }
}

const settlementOf = (reason: string) => () => ({ reason, run: { runId: reason } }) as Settlement
const turn = () => new Promise((resolve) => setImmediate(resolve))
const turns = async () => {
  for (let count = 0; count < 5; count += 1) await turn()
}
const settleMany = (settler: Settler, count: number) => {
  for (let index = 0; index < count; index += 1) void settler.settle(settlementOf(String(index)), true)
}

/** Stops the time, and with it every timer. */
function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('settlements', () => {
  it('settlements of the same moment are sent in one call', async () => {
    const { calls, settler } = createStore()
    await Promise.all([settler.settle(settlementOf('a')), settler.settle(settlementOf('b'))])
    expect(calls).toEqual([['a', 'b']])
  })

  it('settlements are deferred while starts are more urgent', async () => {
    stopTime()
    const { calls, settler } = createStore()
    settler.hold()
    const settled = settler.settle(settlementOf('a'), true)
    await turns()
    expect(calls).toEqual([])
    settler.release()
    expect(await settled).toMatchObject({ outcome: 'settled' })
  })

  it('settlements are not deferred when a run waits for one of them', async () => {
    const { calls, settler } = createStore()
    settler.hold()
    const settled = [settler.settle(settlementOf('a'), true), settler.settle(settlementOf('urgent'))]
    await Promise.all(settled)
    expect(calls).toEqual([['a', 'urgent']])
  })

  it('an urgent settlement does not flush a long queue of deferred settlements', async () => {
    stopTime()
    const { calls, settler } = createStore()
    settler.hold()
    settleMany(settler, 300)
    await settler.settle(settlementOf('urgent'))
    expect(calls).toEqual([['urgent']])
  })

  it('a settlement is deferred for no longer than its limit, however long starts continue', async () => {
    stopTime()
    const { calls, settler } = createStore()
    for (let passed = 0; passed < 300; passed += 10) {
      settler.hold()
      void settler.settle(settlementOf(String(passed)), true)
      await turn()
      vi.advanceTimersByTime(10)
      await turns()
      const heldSince = Number(calls.at(-1)?.at(-1) ?? -10) + 10
      expect(passed + 10 - heldSince).toBeLessThanOrEqual(HOLD_MS + 10)
    }
    expect(calls[0]?.[0]).toBe('0')
    expect(calls.length).toBeLessThan(10)
  })

  it('deferred settlements are flushed oldest first, with at most two calls in flight', async () => {
    const { calls, answers, settler } = createStore({ isSlow: true })
    settler.hold()
    settleMany(settler, 400)
    await turn()
    settler.release()
    await turns()
    expect(calls.map((call) => [call[0], call.length])).toEqual([
      ['0', 100],
      ['100', 100],
    ])
    answers[0]!('settled')
    await turns()
    expect(calls.map((call) => call[0])).toEqual(['0', '100', '200'])
    answers[1]!('settled')
    await turns()
    expect(calls.map((call) => [call[0], call.length]).at(-1)).toEqual(['300', 100])
  })

  it('settlements that follow each other share a call, and the first one does not wait', async () => {
    stopTime()
    const { calls, settler } = createStore()
    await settler.settle(settlementOf('first'), true)
    expect(calls).toEqual([['first']])
    for (const reason of ['second', 'third', 'fourth']) {
      void settler.settle(settlementOf(reason), true)
      vi.advanceTimersByTime(GAP_MS / 4)
      await turns()
    }
    expect(calls).toHaveLength(1)
    vi.advanceTimersByTime(GAP_MS / 4)
    await turns()
    expect(calls.slice(1)).toEqual([['second', 'third', 'fourth']])
    vi.advanceTimersByTime(GAP_MS)
    await settler.settle(settlementOf('later'), true)
    expect(calls.at(-1)).toEqual(['later'])
  })

  it('settlements do not wait for each other when an announcement goes with them', async () => {
    stopTime()
    const { calls, settler } = createStore()
    await settler.settle(settlementOf('first'), true)
    settler.skipGap()
    await settler.settle(settlementOf('second'), true)
    expect(calls).toEqual([['first'], ['second']])
  })

  it('an urgent settlement is sent whatever else is in flight', async () => {
    const { calls, settler } = createStore({ isSlow: true })
    settler.hold()
    settleMany(settler, 350)
    settler.release()
    await turns()
    void settler.settle(settlementOf('urgent'))
    await turns()
    expect(calls.at(-1)).toEqual(['urgent'])
  })

  it('settlements that Redis cannot record delay no others', async () => {
    stopTime()
    const { calls, answers, errors, settler } = createStore({ isSlow: true })
    settler.hold()
    settleMany(settler, 300)
    settler.release()
    await turns()
    answers[0]!('unrecorded')
    answers[1]!(new Error('no memory'))
    await turns()
    expect(errors).toHaveLength(101)
    expect(calls.at(-1)![0]).toBe('200')
    vi.advanceTimersByTime(250)
    await turns()
    expect(calls.slice(3).map((call) => call[0])).toEqual(['0', '100'])
  })

  it('late settlements are sent in larger calls', async () => {
    stopTime()
    const { calls, answers, settler } = createStore({ isSlow: true })
    settler.hold()
    settleMany(settler, 1_000)
    settler.release()
    await turns()
    vi.advanceTimersByTime(150)
    answers[0]!('settled')
    await turns()
    expect(calls.map((call) => call.length)).toEqual([100, 100, 500])
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

  it('the outcome of a deferred settlement is decided when it is sent', async () => {
    stopTime()
    const { settler } = createStore()
    settler.hold()
    let made = 0
    const decide = () => {
      made += 1
      return settlementOf('a')()
    }
    const settled = settler.settle(decide, true)
    await turns()
    expect(made).toBe(0)
    settler.release()
    await settled
    expect(made).toBe(1)
  })

  it('all deferred settlements are sent before the worker stops, and so are those of runs that end in between', async () => {
    const { calls, answers, settler } = createStore({ isSlow: true })
    settler.hold()
    settleMany(settler, 350)
    const stopped = settler.stop(60_000)
    expect(calls.map((call) => call.length)).toEqual([100, 100, 100, 50])
    void settler.settle(settlementOf('last'), true)
    await turns()
    expect(calls.at(-1)).toEqual(['last'])
    for (const answer of answers) answer('settled')
    await stopped
  })
})
