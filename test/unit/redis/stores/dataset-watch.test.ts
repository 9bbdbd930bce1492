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
    ['a beat that Redis knows', 105_000, 100_000, 'g'],
    ['an older beat', 105_000, 95_000, 'g~1'],
    ['no beat, shortly after one', 105_000, null, 'g~1'],
    ['no beat, so long after one that the worker may have counted as dead', 120_000, null, 'g'],
    ['a clock that was set back', 50_000, 50_000, 'g'],
  ])('the dataset watch names the generation by whether the dataset went back: %s', (_, nowMs, knownMs, name) => {
    expect(afterBeat().take('g', nowMs, knownMs).generation).toBe(name)
  })

  it('the dataset watch keeps the name until the dataset goes back again', () => {
    const watch = afterBeat()
    expect(watch.take('g', 105_000, 90_000).generation).toBe('g~1')
    expect(watch.take('g', 110_000, 105_000).generation).toBe('g~1')
    expect(watch.take('g', 115_000, 90_000).generation).toBe('g~2')
  })
})

it('the dataset watch says when the dataset went back and to when, once, and not of another generation', () => {
  const watch = new DatasetWatch()
  expect(watch.take('g', 100_000, null).rewind).toBeNull()
  expect(watch.take('g', 105_000, 90_000).rewind).toEqual({ at: 105_000, to: 90_000 })
  expect(watch.take('g', 110_000, 105_000).rewind).toBeNull()
  expect(watch.take('g', 115_000, null).rewind).toEqual({ at: 115_000, to: null })
  expect(watch.take('other', 120_000, null).rewind).toBeNull()
})
