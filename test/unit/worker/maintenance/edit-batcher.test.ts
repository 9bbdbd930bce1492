import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { EditBatcher } from '../../../../src/worker/maintenance/edit-batcher.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function setUp() {
  const inspections: [number, string[]][] = []
  const batcher = new EditBatcher(SYSTEM_TIME, (shard, names) => {
    inspections.push([shard, [...names]])
    return Promise.resolve()
  })
  return { inspections, batcher }
}

describe('the batcher of edits', () => {
  it('the batcher of edits has plain edits inspected together, after a short wait', async () => {
    const { inspections, batcher } = setUp()
    for (const name of ['a', 'b', 'a']) batcher.onWritten(0, name)
    batcher.onWritten(3, 'c')
    expect(inspections).toEqual([])
    await vi.advanceTimersByTimeAsync(50)
    expect(inspections).toEqual([
      [0, ['a', 'b']],
      [3, ['c']],
    ])
  })

  it.each(['before', 'after'])(
    'the batcher of edits delays the inspection of a few schedules that were announced %s the write',
    async (when) => {
      const { inspections, batcher } = setUp()
      if (when === 'before') batcher.onAnnounced(0, ['a'])
      batcher.onWritten(0, 'a')
      if (when === 'after') batcher.onAnnounced(0, ['a'])
      await vi.advanceTimersByTimeAsync(100)
      expect(inspections).toEqual([])
      await vi.advanceTimersByTimeAsync(900)
      expect(inspections).toEqual([[0, ['a']]])
    },
  )

  it('the batcher of edits has no write of a bulk load inspected, and inspects a plain edit during the load', async () => {
    const { inspections, batcher } = setUp()
    const names = Array.from({ length: 2_000 }, (_, index) => `s${index}`)
    batcher.onAnnounced(0, names)
    for (const name of names) batcher.onWritten(0, name)
    batcher.onWritten(0, 'by-hand')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(inspections).toEqual([[0, ['by-hand']]])
  })

  it('the batcher of edits counts an announcement for one write, and takes the next write for one of another program', async () => {
    const { inspections, batcher } = setUp()
    batcher.onAnnounced(0, ['a'])
    batcher.onWritten(0, 'a')
    await vi.advanceTimersByTimeAsync(40)
    batcher.onWritten(0, 'a')
    await vi.advanceTimersByTimeAsync(40)
    expect(inspections).toEqual([[0, ['a']]])
  })

  it('the batcher of edits forgets an announcement whose write did not arrive', async () => {
    const { inspections, batcher } = setUp()
    batcher.onAnnounced(0, ['a'])
    await vi.advanceTimersByTimeAsync(3_000)
    batcher.onWritten(0, 'a')
    await vi.advanceTimersByTimeAsync(40)
    expect(inspections).toEqual([[0, ['a']]])
  })

  it('the batcher of edits has nothing inspected after its stop', async () => {
    const { inspections, batcher } = setUp()
    batcher.onWritten(0, 'a')
    batcher.stop()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(inspections).toEqual([])
  })
})
