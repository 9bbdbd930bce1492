import { describe, expect, it } from 'vitest'
import { decideStagger } from '../../../../src/worker/loop/claim-stagger.js'
import { Slots } from '../../../../src/worker/loop/slots.js'
import { BACKUP_MS, decidePoll, pollingPosition, QUIET_MS } from '../../../../src/worker/maintenance/shard-polling.js'

describe('the stagger of a worker', () => {
  it.each([
    { concurrency: 50, count: 20, goAtOnce: 2, share: 10 },
    { concurrency: 4, count: 20, goAtOnce: 5, share: 4 },
    { concurrency: 1, count: 20, goAtOnce: 16, share: 2 },
    { concurrency: 50, count: 1, goAtOnce: 1, share: 1 },
    { concurrency: 50, count: 2_000, goAtOnce: 16, share: 125 },
  ])(
    'an instant with $count due and $concurrency slots each is claimed at once by $goAtOnce of 16 workers',
    ({ concurrency, count, goAtOnce, share }) => {
      const turns = Array.from({ length: 16 }, (_, rank) =>
        decideStagger({ dueMs: 1_700_000_000_000, dueCount: count, fleetSize: 16, rank, concurrency }),
      )
      const first = turns.filter(({ delayMs }) => delayMs === 0)
      expect(first).toHaveLength(goAtOnce)
      expect(first.every((turn) => turn.maxClaims === share)).toBe(true)
    },
  )

  it.each([1, 2, 3, 5, 8, 17])(
    'the stagger gives each of %d workers another place, whatever the shard and the number of shards',
    (size) => {
      for (const shards of [1, 2, 3, 4, 7, 16]) {
        for (let shard = 0; shard < shards; shard++) {
          const firsts = Array.from({ length: size }, (_, rank) =>
            decideStagger({ dueMs: 1_000, dueCount: 1, fleetSize: size, rank, shard, shardCount: shards }),
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
  ])('the workers at home on a shard claim first among %d workers on %d shards', (fleetSize, shards) => {
    for (let shard = 0; shard < shards; shard++) {
      for (let instant = 0; instant < 50; instant++) {
        const rank = Array.from({ length: fleetSize }, (_, index) => index).find(
          (index) =>
            decideStagger({ dueMs: instant * 1_000, dueCount: 1, fleetSize, rank: index, shard, shardCount: shards })
              .delayMs === 0,
        )!
        expect(rank % Math.min(shards, fleetSize)).toBe(shard % Math.min(shards, fleetSize))
      }
    }
  })
})

describe('polling a shard', () => {
  it('one worker of the fleet polls a shard, and at most two others are its backups', () => {
    for (const size of [1, 2, 3, 5, 9]) {
      for (let shard = 0; shard < 7; shard++) {
        const positions = Array.from({ length: size }, (_, rank) => pollingPosition(shard, size, rank))
        const polling = positions.filter((position) => position !== null).sort()
        expect(polling).toEqual([0, 1, 2].slice(0, Math.min(size, 3)))
      }
    }
  })

  const quiet = { position: 0, polledMs: 5_000, hasActivity: false, isWatched: true, ownRunCount: 0, isAlone: false }
  it.each([
    ['does not poll a quiet shard that it tends', {}, false],
    ['polls a quiet shard that it tends from time to time', { polledMs: QUIET_MS }, true],
    ['polls a shard with activity that it tends', { hasActivity: true }, true],
    ['polls a shard that it tends where edits are not seen', { isWatched: false }, true],
    ['does not poll the shard of another worker', { position: null, hasActivity: true, polledMs: 1e9 }, false],
    ['polls a shard where its own runs may be cancelled', { position: null, ownRunCount: 1 }, true],
    [
      'that is the first backup polls a shard with activity too: its tender may not reach it',
      { position: 1, hasActivity: true },
      true,
    ],
    ['that is the second backup polls a shard with activity too', { position: 2, hasActivity: true }, true],
    ['that is a backup polls the shard at intervals', { position: 1, polledMs: BACKUP_MS }, true],
    ['that is the second backup polls half as often', { position: 2, polledMs: BACKUP_MS }, false],
    [
      'that is a backup polls with each heartbeat while no other worker polls the shard',
      { position: 2, isAlone: true },
      true,
    ],
  ])('a worker %s', (_, signs, polls) => {
    expect(decidePoll({ ...quiet, ...signs })).toBe(polls)
  })
})

describe('the slots of a worker', () => {
  it('the slots that a claim has reserved are not given to another claim, and each loop gets its share', () => {
    const slots = new Slots(8, () => {}, 4)
    const first = slots.reserve([])
    const second = slots.reserve([])
    expect([first.slots, second.slots, slots.available]).toEqual([2, 2, 4])
    slots.take('a')
    first.release()
    expect(slots.available).toBe(5)
    second.release()
    expect(slots.available).toBe(7)
  })

  it('the only loop of a worker may reserve all slots', () => {
    expect(new Slots(50, () => {}).reserve([]).slots).toBe(50)
  })

  it('free slots go to the waiting loops in order of arrival, as far as they last', () => {
    const slots = new Slots(1, () => {}, 2)
    const served: string[] = []
    slots.take('a')
    for (const name of ['first', 'second']) {
      slots.onAvailable(() => {
        served.push(name)
        slots.take('a')
      })
    }
    slots.free('a')
    expect(served).toEqual(['first'])
    slots.free('a')
    expect(served).toEqual(['first', 'second'])
  })

  it('slots keep the concurrency of a task over claims in flight, and call the waiting loops when a claim leaves room', () => {
    const freed: string[] = []
    const slots = new Slots(10, (task) => freed.push(task), 2)
    const task = { name: 'a', concurrency: 1 }
    const first = slots.reserve([task])
    const second = slots.reserve([task])
    expect([first.roomFor(task), second.roomFor(task)]).toEqual([1, 0])
    first.release()
    expect(freed).toEqual(['a'])
    expect(slots.reserve([task]).roomFor(task)).toBe(1)
  })
})
