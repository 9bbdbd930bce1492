import { describe, expect, it } from 'vitest'
import { DatasetWatch } from '../../../../src/redis/stores/dataset-watch.js'

/** A watch after a beat at 100 000. */
function afterBeat(): DatasetWatch {
  const watch = new DatasetWatch()
  expect(watch.take('g', 100_000, null).generation).toBe('g')
  return watch
}

describe('the dataset watch', () => {
  it.each([
    ['a heartbeat that Redis holds', 105_000, 100_000, 'g'],
    ['an older heartbeat', 105_000, 95_000, 'g~1'],
    ['no heartbeat, shortly after the previous one', 105_000, null, 'g~1'],
    ['no heartbeat, so long after the previous one that the worker may have counted as dead', 120_000, null, 'g'],
    ['a clock that was set back', 50_000, 50_000, 'g'],
  ])(
    'the dataset watch changes the name of the generation only if the dataset was set back: %s',
    (_, nowMs, knownMs, name) => {
      expect(afterBeat().take('g', nowMs, knownMs).generation).toBe(name)
    },
  )

  it('the dataset watch keeps the name of the generation until the dataset is set back again', () => {
    const watch = afterBeat()
    expect(watch.take('g', 105_000, 90_000).generation).toBe('g~1')
    expect(watch.take('g', 110_000, 105_000).generation).toBe('g~1')
    expect(watch.take('g', 115_000, 90_000).generation).toBe('g~2')
  })
})

it('the dataset watch reports once when the dataset was set back and to which instant, and reports nothing for another generation', () => {
  const watch = new DatasetWatch()
  expect(watch.take('g', 100_000, null).rewind).toBeNull()
  expect(watch.take('g', 105_000, 90_000).rewind).toEqual({ at: 105_000, to: 90_000 })
  expect(watch.take('g', 110_000, 105_000).rewind).toBeNull()
  expect(watch.take('g', 115_000, null).rewind).toEqual({ at: 115_000, to: null })
  expect(watch.take('other', 120_000, null).rewind).toBeNull()
})
