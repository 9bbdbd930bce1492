import type { TimeSource } from '../../time-source.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import type { RedisClock } from '../../worker/store.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'
import { toSchedules } from './replies.js'

/** Most schedules that one call reads by their names. */
const READ_COUNT = 200

/** The parts of a {@link ScheduleReader}. */
export interface ScheduleReaderParts {
  readonly client: RedisClient
  /** The keys of every shard, by index. */
  readonly allKeys: readonly Keys[]
  /** The clock of the first shard, which each reading of that shard sets. */
  readonly clock: RedisClock
  readonly time: TimeSource
}

/** Reads schedules of one shard, definition and state in one step. */
export class ScheduleReader {
  readonly #parts: ScheduleReaderParts

  constructor(parts: ScheduleReaderParts) {
    this.#parts = parts
  }

  /** Reads a page in the order of names: those after `after`, at most `count`. */
  async page(keys: Keys, after: string, count: number): Promise<ReturnType<typeof toSchedules>> {
    return await this.#read(keys, { after, count }, [])
  }

  /** Reads one schedule; null when it does not exist. */
  async one(keys: Keys, name: string): Promise<{ nowMs: number; schedule: StoredSchedule | null }> {
    const { nowMs, schedules } = await this.#read(keys, { after: '', count: 0 }, [name])
    const schedule = schedules[0]!
    return { nowMs, schedule: schedule.digest === '' ? null : schedule }
  }

  /** Reads the given names in calls of bounded size, pipelined; one that does not exist has an empty digest. */
  async names(keys: Keys, names: readonly string[]): Promise<StoredSchedule[]> {
    const calls = []
    for (let start = 0; start < names.length; start += READ_COUNT) {
      calls.push(this.#read(keys, { after: '', count: 0 }, names.slice(start, start + READ_COUNT)))
    }
    return (await Promise.all(calls)).flatMap(({ schedules }) => schedules)
  }

  /**
   * The time of a shard, by default the first one, epoch ms. A script reads it, because on a Cluster a plain TIME goes
   * to any node.
   */
  async now(keys: Keys = this.#parts.allKeys[0]!): Promise<number> {
    return (await this.#read(keys, { after: '', count: 0 }, [])).nowMs
  }

  async #read(keys: Keys, { after, count }: { after: string; count: number }, names: readonly string[]) {
    const { client, allKeys, clock, time } = this.#parts
    const sentAt = time.monotonic()
    const raw = await runScript(client, 'read-schedules', {
      keys: { names: keys.names },
      args: { tag: keys.tag, after, count },
      rest: names,
    })
    const reply = toSchedules(raw)
    // Shards may be on servers whose clocks differ: an instance uses the clock of the first.
    if (keys === allKeys[0]) clock.sample(sentAt, time.monotonic(), reply.clockMs)
    return reply
  }
}
