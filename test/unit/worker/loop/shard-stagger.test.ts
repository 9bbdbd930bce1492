import { describe, expect, it } from 'vitest'
import { decideTurn } from '../../../../src/worker/loop/claim-stagger.js'
import { createSlots } from '../../../../src/worker/run/task.js'
import { decideLook, QUIET_MS, tendsShard } from '../../../../src/worker/maintenance/shard-polling.js'

describe('the turn of a worker', () => {
  it.each([
    { concurrency: 50, count: 20, goAtOnce: 2, share: 10 },
    { concurrency: 4, count: 20, goAtOnce: 5, share: 4 },
    { concurrency: 1, count: 20, goAtOnce: 16, share: 2 },
    { concurrency: 50, count: 1, goAtOnce: 1, share: 1 },
    { concurrency: 50, count: 2_000, goAtOnce: 16, share: 125 },
  ])(
    'comes at once for $goAtOnce of 16 with $count due and $concurrency slots each',
    ({ concurrency, count, goAtOnce, share }) => {
      const turns = Array.from({ length: 16 }, (_, rank) =>
        decideTurn({ headMs: 1_700_000_000_000, count, fleetSize: 16, rank, concurrency }),
      )
      const first = turns.filter(({ delayMs }) => delayMs === 0)
      expect(first).toHaveLength(goAtOnce)
      expect(first.every((turn) => turn.share === share)).toBe(true)
    },
  )

  it.each([1, 2, 3, 5, 8, 17])(
    'gives each of %d workers another place, whatever the shard and their number',
    (size) => {
      for (const shards of [1, 2, 3, 4, 7, 16]) {
        for (let shard = 0; shard < shards; shard++) {
          const firsts = Array.from({ length: size }, (_, rank) =>
            decideTurn({ headMs: 1_000, count: 1, fleetSize: size, rank, shard, shards }),
          ).filter(({ delayMs }) => delayMs === 0)
          expect(firsts).toHaveLength(1)
        }
      }
    },
  )

  it.each([
    [4, 4],
    [8, 4],
    [2, 6],
  ])('of %d workers on %d shards is first for those who are at home there', (fleetSize, shards) => {
    for (let shard = 0; shard < shards; shard++) {
      for (let instant = 0; instant < 50; instant++) {
        const rank = Array.from({ length: fleetSize }, (_, index) => index).find(
          (index) =>
            decideTurn({ headMs: instant * 1_000, count: 1, fleetSize, rank: index, shard, shards }).delayMs === 0,
        )!
        expect(rank % Math.min(shards, fleetSize)).toBe(shard % Math.min(shards, fleetSize))
      }
    }
  })
})

describe('tending', () => {
  it('gives each shard to one worker of the fleet', () => {
    for (const size of [1, 2, 5, 9]) {
      for (let shard = 0; shard < 7; shard++) {
        const tenders = Array.from({ length: size }, (_, rank) => rank).filter((rank) => tendsShard(shard, size, rank))
        expect(tenders).toHaveLength(1)
      }
    }
  })

  const quiet = { tends: true, lookedMs: 5_000, stirred: false, watched: true, ownRuns: 0 }
  it.each([
    ['not at a quiet shard', {}, false],
    ['at a quiet one from time to time', { lookedMs: QUIET_MS }, true],
    ['where something stirred', { stirred: true }, true],
    ['where edits are not seen', { watched: false }, true],
    ['not at the shard of another', { tends: false, stirred: true }, false],
    ['where own runs may have been cancelled', { tends: false, ownRuns: 1 }, true],
  ])('looks %s', (_, signs, looks) => {
    expect(decideLook({ ...quiet, ...signs })).toBe(looks)
  })
})

describe('the slots of a worker', () => {
  it('that a claim holds are nobody else’s, and each loop gets its part', () => {
    const slots = createSlots(8, () => {}, 4)
    const first = slots.hold([])
    const second = slots.hold([])
    expect([first.slots, second.slots, slots.available]).toEqual([2, 2, 4])
    slots.take('a')
    first.release()
    expect(slots.available).toBe(5)
    second.release()
    expect(slots.available).toBe(7)
  })

  it('are all one loop’s when it is the only one', () => {
    expect(createSlots(50, () => {}).hold([]).slots).toBe(50)
  })

  it('come to those who wait in turn, as far as they go', () => {
    const slots = createSlots(1, () => {}, 2)
    const served: string[] = []
    slots.take('a')
    for (const name of ['first', 'second']) {
      slots.wait(() => {
        served.push(name)
        slots.take('a')
      })
    }
    slots.free('a')
    expect(served).toEqual(['first'])
    slots.free('a')
    expect(served).toEqual(['first', 'second'])
  })

  it('keep the bound of a task over claims under way, and tell when one leaves room', () => {
    const freed: string[] = []
    const slots = createSlots(10, (task) => freed.push(task), 2)
    const task = { name: 'a', concurrency: 1 }
    const first = slots.hold([task])
    const second = slots.hold([task])
    expect([first.roomFor(task), second.roomFor(task)]).toEqual([1, 0])
    first.release()
    expect(freed).toEqual(['a'])
    expect(slots.hold([task]).roomFor(task)).toBe(1)
  })
})
