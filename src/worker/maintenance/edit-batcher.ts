import type { Timer, TimeSource } from '../../time-source.js'

/** Edits come in bursts (each field of a bare HSET, a bulk load): names are gathered so long for one look, ms. */
const GATHER_MS = 30
/** What was announced is the engine's own write: it has been planned already, and is looked at when there is time, ms. */
const CALM_MS = 500
/** More own writes than this in that time are a bulk load: to look at each again would cost as much as the load. */
const CALM_COUNT = 500
/** How long an announcement waits for the write that it belongs to, ms: they come on two connections. */
const ANNOUNCED_MS = 1_000
/** Names in one look. */
const LOOK_COUNT = 200

/** Gathers what is heard of written definitions, and has looked at those that the engine did not write itself. */
export interface EditGatherer {
  /** A definition was written or removed, nobody knows by whom. */
  noteWritten(shard: number, schedule: string): void
  /** The engine says that it has written these. */
  noteAnnounced(shard: number, schedules: readonly string[]): void
  stop(): void
}

/**
 * Creates a gatherer. An edit by hand that falls together with a write of the engine to the same schedule is looked at
 * too, unless it happens in the middle of a bulk load: then the sweep, or the next claim, finds it.
 *
 * @param inspect looks at definitions and never rejects
 */
export function createEditGatherer(
  time: TimeSource,
  inspect: (shard: number, names: readonly string[]) => Promise<void>,
): EditGatherer {
  const written = new Map<number, Set<string>>()
  const own = new Map<number, Set<string>>()
  let ownCount = 0
  let announced = new Set<string>()
  let announcedBefore = new Set<string>()
  const timers = new Map<'gather' | 'calm' | 'forget', Timer>()
  let stopped = false

  function after(name: 'gather' | 'calm' | 'forget', delayMs: number, work: () => void): void {
    if (stopped || timers.has(name)) return
    const timer = time.setTimeout(() => {
      timers.delete(name)
      work()
    }, delayMs)
    timers.set(name, timer)
  }

  function add(to: Map<number, Set<string>>, shard: number, schedule: string): void {
    const names = to.get(shard)
    if (names) names.add(schedule)
    else to.set(shard, new Set([schedule]))
  }

  /** Whether a write was announced; each announcement stands for one. */
  function takeAnnouncement(shard: number, schedule: string): boolean {
    const key = `${shard}:${schedule}`
    return announced.delete(key) || announcedBefore.delete(key)
  }

  function forget(): void {
    announcedBefore = announced
    announced = new Set()
    if (announcedBefore.size > 0) after('forget', ANNOUNCED_MS, forget)
  }

  async function look(names: Map<number, Set<string>>): Promise<void> {
    const lists = [...names].map(([shard, set]) => [shard, [...set]] as const)
    names.clear()
    for (const [shard, list] of lists) {
      for (let start = 0; start < list.length && !stopped; start += LOOK_COUNT) {
        await inspect(shard, list.slice(start, start + LOOK_COUNT))
      }
    }
  }

  function sort(): void {
    for (const [shard, names] of written) {
      for (const schedule of names) {
        if (!takeAnnouncement(shard, schedule)) continue
        names.delete(schedule)
        ownCount += 1
        if (ownCount <= CALM_COUNT) add(own, shard, schedule)
        after('calm', CALM_MS, calm)
      }
    }
    void look(written)
  }

  function calm(): void {
    if (ownCount > CALM_COUNT) own.clear()
    ownCount = 0
    void look(own)
  }

  return {
    noteWritten(shard, schedule) {
      add(written, shard, schedule)
      after('gather', GATHER_MS, sort)
    },
    noteAnnounced(shard, schedules) {
      for (const schedule of schedules) announced.add(`${shard}:${schedule}`)
      after('forget', ANNOUNCED_MS, forget)
    },
    stop() {
      stopped = true
      for (const timer of timers.values()) time.clearTimeout(timer)
      timers.clear()
    },
  }
}
