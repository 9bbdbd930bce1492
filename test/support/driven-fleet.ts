import { Redis } from 'ioredis'
import { Everybeat, type Run } from '../../src/index.js'
import { installDrivenClock, oneTurn, withinRealTime, type DrivenClock } from './driven-clock.js'
import type { DrivenRedis } from './driven-redis.js'
import type { Start } from './occurrence-model.js'
import { uniquePrefix } from './redis.js'

/** Turns of the event loop with no command in Redis until nothing is under way any more. */
const CALM_ROUNDS = 2
/** Rounds of commands at one instant beyond which the fleet turns in circles. */
const MOST_ROUNDS = 3_000
const STUCK_MS = 30_000

/** A fleet of real workers on a real Redis, whose common time the test drives. */
export interface DrivenFleet extends AsyncDisposable {
  readonly clock: DrivenClock
  readonly prefix: string
  readonly redis: Redis
  /** An instance that is never started: it writes and reads. */
  readonly control: Everybeat
  /** Workers that live, oldest first. */
  readonly alive: readonly string[]
  readonly starts: readonly Start[]
  /** `error` events of the workers while they lived, and what else went wrong. */
  readonly errors: readonly string[]
  join(): Promise<void>
  /** Ends a worker as SIGKILL would. */
  kill(worker: string): void
  /** Asks a worker to end in good order; it takes its time. */
  leave(worker: string, timeoutMs: number): void
  /** Lets time pass up to an instant, from timer to timer; at the end all is quiet. */
  passTo(instantMs: number): Promise<void>
  /** The same, but without a wait until the fleet is idle: the instant ends after `turns` of the event loop. */
  passInto(instantMs: number, turns: number): Promise<void>
}

export interface DrivenFleetOptions {
  readonly startMs: number
  readonly seed: number
  readonly leaseMs: number
  readonly concurrency: number
  /** What the one task of the fleet, `work`, does. */
  readonly work: (run: Run) => Promise<unknown>
}

/** Creates a fleet without workers, and takes over the clocks and timers of this process until it is disposed of. */
export function createDrivenFleet(redis: DrivenRedis, options: DrivenFleetOptions): DrivenFleet {
  const { startMs, seed, leaseMs, concurrency, work } = options
  const prefix = uniquePrefix('driven')
  redis.setTime(startMs)
  const clock = installDrivenClock(startMs, seed)
  const common = { redis: redis.server.url, prefix, leaseMs, concurrency, logger: false } as const
  const probe = new Redis(redis.server.url)
  const control = new Everybeat(common)
  const beats = new Map<string, Everybeat>()
  const starts: (Start & { worker: string })[] = []
  const errors: string[] = []
  let joined = 0

  /** One call of the handler, on record; the code of a dead worker does nothing. */
  async function follow(worker: string, run: Run): Promise<unknown> {
    if (clock.owner() === undefined) return await new Promise(() => {})
    const start: Start & { worker: string } = {
      worker,
      schedule: run.schedule,
      runId: run.id,
      scheduledAt: run.scheduledAt.getTime(),
      attempt: run.attempt,
      fence: run.fence,
      atMs: clock.nowMs,
      ending: null,
    }
    starts.push(start)
    try {
      const result = await work(run)
      start.ending ??= { atMs: clock.nowMs, how: 'ok' }
      return result
    } catch (error) {
      start.ending ??= { atMs: clock.nowMs, how: 'threw' }
      throw error
    }
  }

  async function describeCircle(): Promise<string> {
    const lines = [`the fleet turns in circles at ${clock.nowMs}, which is ${new Date(clock.nowMs).toISOString()}:`]
    for (const kind of ['due', 'pending']) {
      const [member, score] = await probe.zrange(`{${prefix}}:${kind}`, 0, 0, 'WITHSCORES')
      if (member === undefined) continue
      const name = member.replace(/@.*/, '')
      const state = JSON.stringify(await probe.hgetall(`{${prefix}}:state:${name}`))
      lines.push(
        `${kind}: ${member} at ${score}, its lease ${await probe.pttl(`{${prefix}}:lease:${name}`)} ms, ${state}`,
      )
    }
    const seen: string[] = []
    const monitor = await probe.duplicate().monitor()
    monitor.on('monitor', (_at: string, words: string[], source: string) => {
      if (source !== 'lua' && words[0] !== 'info') seen.push(words.join(' ').slice(0, 300))
    })
    for (let turn = 0; turn < 100; turn++) await oneTurn()
    monitor.disconnect()
    return [...lines, ...seen.slice(0, 6)].join('\n')
  }

  async function untilQuiet(): Promise<void> {
    let calm = 0
    let former = -1
    for (let rounds = 0; calm < CALM_ROUNDS; rounds++) {
      if (rounds > MOST_ROUNDS) throw new Error(await describeCircle())
      await oneTurn()
      await oneTurn()
      const count = Number(/total_commands_processed:(\d+)/.exec(await probe.info('stats'))![1])
      calm = count === former + 1 ? calm + 1 : 0
      former = count
    }
  }

  async function moveTo(instantMs: number): Promise<void> {
    redis.setTime(instantMs)
    await clock.moveTo(instantMs)
  }

  async function passBefore(instantMs: number): Promise<void> {
    for (let next = clock.nextTimerAt(); next < instantMs; next = clock.nextTimerAt()) {
      await moveTo(next)
      await untilQuiet()
    }
  }

  function forget(worker: string): void {
    beats.delete(worker)
    for (const start of starts) {
      if (start.worker === worker) start.ending ??= { atMs: clock.nowMs, how: 'killed' }
    }
  }

  return {
    clock,
    prefix,
    redis: probe,
    control,
    starts,
    errors,
    get alive() {
      return [...beats.keys()]
    },
    async join() {
      const worker = `worker-${(joined += 1)}`
      await clock.own(worker, async () => {
        const beat = new Everybeat(common)
        // A handler is called outside of every async context: the owner has to be set again.
        beat.task('work', (run) => clock.own(worker, () => follow(worker, run)))
        beat.on('error', (event) => {
          if (clock.owner() !== undefined) errors.push(`${worker}: ${JSON.stringify(event)}`)
        })
        beats.set(worker, beat)
        await withinRealTime(beat.start(), STUCK_MS, `the start of ${worker}`)
      })
      await untilQuiet()
    },
    kill(worker) {
      clock.kill(worker)
      forget(worker)
    },
    leave(worker, timeoutMs) {
      const beat = beats.get(worker)!
      beats.delete(worker)
      clock.own(worker, () => void beat.stop({ timeoutMs }))
    },
    async passTo(instantMs) {
      await passBefore(instantMs)
      await moveTo(instantMs)
      await untilQuiet()
    },
    async passInto(instantMs, turns) {
      await passBefore(instantMs)
      await moveTo(instantMs)
      for (let turn = 0; turn < turns; turn++) await oneTurn()
    },
    async [Symbol.asyncDispose]() {
      for (let worker = 1; worker <= joined; worker++) clock.kill(`worker-${worker}`)
      clock[Symbol.dispose]()
      await control.stop({ timeoutMs: 0 })
      await probe.flushall()
      probe.disconnect()
    },
  }
}
