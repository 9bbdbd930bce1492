import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { createEditGatherer } from '../../../../src/worker/maintenance/edit-batcher.js'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function setUp() {
  const looks: [number, string[]][] = []
  const gatherer = createEditGatherer(SYSTEM_TIME, (shard, names) => {
    looks.push([shard, [...names]])
    return Promise.resolve()
  })
  return { looks, gatherer }
}

describe('the gatherer of edits', () => {
  it('has edits by hand looked at together, within a moment', async () => {
    const { looks, gatherer } = setUp()
    for (const name of ['a', 'b', 'a']) gatherer.noteWritten(0, name)
    gatherer.noteWritten(3, 'c')
    expect(looks).toEqual([])
    await vi.advanceTimersByTimeAsync(50)
    expect(looks).toEqual([
      [0, ['a', 'b']],
      [3, ['c']],
    ])
  })

  it.each(['before', 'after'])(
    'has what was announced %s the write looked at later, when it is little',
    async (when) => {
      const { looks, gatherer } = setUp()
      if (when === 'before') gatherer.noteAnnounced(0, ['a'])
      gatherer.noteWritten(0, 'a')
      if (when === 'after') gatherer.noteAnnounced(0, ['a'])
      await vi.advanceTimersByTimeAsync(100)
      expect(looks).toEqual([])
      await vi.advanceTimersByTimeAsync(900)
      expect(looks).toEqual([[0, ['a']]])
    },
  )

  it('has nothing of a bulk load looked at again, but an edit by hand in its midst', async () => {
    const { looks, gatherer } = setUp()
    const names = Array.from({ length: 2_000 }, (_, index) => `s${index}`)
    gatherer.noteAnnounced(0, names)
    for (const name of names) gatherer.noteWritten(0, name)
    gatherer.noteWritten(0, 'by-hand')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(looks).toEqual([[0, ['by-hand']]])
  })

  it('takes an announcement for one write: the next is somebody else', async () => {
    const { looks, gatherer } = setUp()
    gatherer.noteAnnounced(0, ['a'])
    gatherer.noteWritten(0, 'a')
    await vi.advanceTimersByTimeAsync(40)
    gatherer.noteWritten(0, 'a')
    await vi.advanceTimersByTimeAsync(40)
    expect(looks).toEqual([[0, ['a']]])
  })

  it('forgets an announcement whose write never came', async () => {
    const { looks, gatherer } = setUp()
    gatherer.noteAnnounced(0, ['a'])
    await vi.advanceTimersByTimeAsync(3_000)
    gatherer.noteWritten(0, 'a')
    await vi.advanceTimersByTimeAsync(40)
    expect(looks).toEqual([[0, ['a']]])
  })

  it('is silent when it is stopped', async () => {
    const { looks, gatherer } = setUp()
    gatherer.noteWritten(0, 'a')
    gatherer.stop()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(looks).toEqual([])
  })
})
