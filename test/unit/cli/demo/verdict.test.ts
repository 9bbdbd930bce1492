import { describe, expect, it } from 'vitest'
import { decideVerdict, percentile, type Evidence, type HandlerStart } from '../../../../src/cli/demo/verdict.js'
import type { HistoryEntry } from '../../../../src/index.js'

const SECOND = 1000
const FROM = Date.parse('2026-03-08T07:00:00.300Z')
const instant = (index: number) => Math.ceil(FROM / SECOND) * SECOND + index * SECOND

function entry(atMs: number, worker: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  const runId = `tick@${atMs}`
  return { scheduledAt: new Date(atMs), outcome: 'ok', runId, worker, attempt: 1, fence: atMs, latenessMs: 2, ...more }
}

function start(scheduledAt: number, worker: string): HandlerStart {
  return { schedule: 'tick', scheduledAt, worker }
}

/** Ten occurrences, each run once by a worker of two, except where a test says otherwise. */
function evidence(
  change: (calm: { history: HistoryEntry[]; starts: HandlerStart[] }) => Partial<Evidence> | void = () => {},
) {
  const due = Array.from({ length: 10 }, (_, index) => instant(index))
  const history = due.map((atMs, index) => entry(atMs, `worker-${index % 2}`))
  const starts = due.map((atMs, index) => start(atMs, `worker-${index % 2}`))
  const calm = { history, starts }
  const changed = change(calm) ?? {}
  return decideVerdict({
    schedules: [{ name: 'tick', due, optional: [], history: calm.history }],
    starts: calm.starts,
    killed: new Set(),
    window: { fromMs: FROM, toMs: instant(9) + 300 },
    ...changed,
  })
}

describe('decideVerdict', () => {
  it('decideVerdict passes when every due occurrence ran once', () => {
    expect(evidence()).toEqual({
      due: 10,
      run: 10,
      doubled: [],
      lost: [],
      unexpected: [],
      takenOver: [],
      latenessMs: { p50: 2, p99: 2 },
      passed: true,
    })
  })

  it('decideVerdict finds an occurrence that is not in the history as lost', () => {
    const verdict = evidence(({ history }) => void history.splice(4, 1))
    expect(verdict).toMatchObject({ due: 10, run: 9, doubled: [], passed: false })
    expect(verdict.lost).toEqual([`tick ${new Date(instant(4)).toISOString()}`])
  })

  it.each(['failed', 'skipped', 'abandoned', 'cancelled'] as const)(
    'decideVerdict counts an occurrence that ended as %s as lost',
    (outcome) => {
      const verdict = evidence(({ history }) => void (history[4] = entry(instant(4), 'worker-0', { outcome })))
      expect(verdict.lost).toHaveLength(1)
      expect(verdict.passed).toBe(false)
    },
  )

  it('decideVerdict finds an occurrence that two live workers started as doubled', () => {
    const verdict = evidence(({ starts }) => void starts.push(start(instant(3), 'worker-0')))
    expect(verdict.doubled).toEqual([`tick ${new Date(instant(3)).toISOString()}`])
    expect(verdict).toMatchObject({ lost: [], passed: false })
  })

  it('decideVerdict finds an occurrence that one worker started twice as doubled', () => {
    const verdict = evidence(({ starts }) => void starts.push(start(instant(3), 'worker-1')))
    expect(verdict.doubled).toHaveLength(1)
  })

  it('decideVerdict finds an occurrence that was recorded twice as doubled', () => {
    const verdict = evidence(({ history }) => void history.push(entry(instant(3), 'worker-1')))
    expect(verdict).toMatchObject({ run: 10, passed: false })
    expect(verdict.doubled).toHaveLength(1)
  })

  it('decideVerdict accepts a run that a killed worker began and another worker ended', () => {
    const verdict = evidence(({ history, starts }) => {
      history[3] = entry(instant(3), 'worker-0', { latenessMs: 4000 })
      starts.push(start(instant(3), 'worker-0'))
      return { killed: new Set(['worker-1']) }
    })
    expect(verdict).toMatchObject({ doubled: [], lost: [], passed: true, latenessMs: { p99: 2 } })
    expect(verdict.takenOver).toEqual([`tick ${new Date(instant(3)).toISOString()}`])
  })

  it('decideVerdict finds a run doubled that the killed worker had recorded before another one began it', () => {
    const verdict = evidence(({ starts }) => {
      starts.push(start(instant(3), 'worker-0'))
      return { killed: new Set(['worker-1']) }
    })
    expect(verdict.doubled).toHaveLength(1)
    expect(verdict.passed).toBe(false)
  })

  it('decideVerdict finds a run doubled that two live workers took over', () => {
    const verdict = evidence(({ history, starts }) => {
      history[3] = entry(instant(3), 'worker-0')
      starts.push(start(instant(3), 'worker-0'), start(instant(3), 'worker-2'))
      return { killed: new Set(['worker-1']) }
    })
    expect(verdict.doubled).toHaveLength(1)
  })

  it('decideVerdict finds a run that was not due as unexpected', () => {
    const stray = instant(5) + 500
    const verdict = evidence(({ history, starts }) => {
      history.push(entry(stray, 'worker-0'))
      starts.push(start(stray, 'worker-0'))
    })
    expect(verdict).toMatchObject({ due: 10, run: 10, lost: [], doubled: [], passed: false })
    expect(verdict.unexpected).toEqual([`tick ${new Date(stray).toISOString()}`])
  })

  it('decideVerdict lets an optional occurrence run or not, but not twice', () => {
    const optional = instant(5) + 500
    const due = [instant(0)]
    const judge = (history: HistoryEntry[], starts: HandlerStart[]) =>
      decideVerdict({
        schedules: [{ name: 'tick', due, optional: [optional], history: [entry(instant(0), 'worker-0'), ...history] }],
        starts: [start(instant(0), 'worker-0'), ...starts],
        killed: new Set(),
        window: { fromMs: FROM, toMs: instant(9) },
      })
    expect(judge([], [])).toMatchObject({ due: 1, run: 1, passed: true })
    expect(judge([entry(optional, 'worker-0')], [start(optional, 'worker-0')])).toMatchObject({
      due: 1,
      run: 1,
      passed: true,
    })
    expect(judge([], [start(optional, 'worker-0'), start(optional, 'worker-1')]).doubled).toHaveLength(1)
  })

  it('decideVerdict ignores occurrences outside the window', () => {
    const verdict = evidence(({ history, starts }) => {
      history.push(entry(instant(-1), 'worker-0'), entry(instant(10), 'worker-0'))
      starts.push(start(instant(10), 'worker-0'), start(instant(10), 'worker-1'))
    })
    expect(verdict).toMatchObject({ due: 10, run: 10, passed: true })
  })
})

describe('percentile', () => {
  it.each([
    [[5], 0.5, 5],
    [[1, 2], 0.5, 1],
    [[1, 2, 3, 4], 0.5, 2],
    [Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
    [Array.from({ length: 10 }, (_, index) => index + 1), 0.99, 10],
  ])('percentile of %j at %f is %f', (sorted, share, expected) => {
    expect(percentile(sorted, share)).toBe(expected)
  })
})
