import { IsolatedEmitter } from '../../src/events/isolated-emitter.js'
import { Instance } from '../../src/worker-runtime.js'
import { resolveOptions } from '../../src/options/options.js'
import { CommandConnection } from '../../src/redis/connection/command-connection.js'
import { DEFAULT_BACKOFF } from '../../src/schedule/backoff.js'
import { SYSTEM_TIME } from '../../src/time-source.js'
import { SampledRedisClock } from '../../src/worker/loop/redis-clock.js'
import type { Handler, Task } from '../../src/worker/run/task.js'

/** A worker that says it has this version of time-zone data. */
export interface ZonedWorker {
  readonly id: string
  readonly events: IsolatedEmitter
  stop(): Promise<void>
}

class Events extends IsolatedEmitter {
  emitTo = this.send.bind(this)
}

/** Starts a worker of one task under a version of time-zone data. The caller stops it. */
export async function startZonedWorker(options: {
  url: string
  prefix: string
  tz: string
  shards?: number
  task?: string
  handler?: Handler
}): Promise<ZonedWorker> {
  const events = new Events()
  const resolved = resolveOptions({ redis: options.url, prefix: options.prefix, shards: options.shards, logger: false })
  const link = new CommandConnection(resolved.redis, SYSTEM_TIME, { emit: events.emitTo, onRestored: () => {} })
  await link.ready(10_000)
  const tasks = new Map<string, Task>()
  if (options.task !== undefined) {
    const { task: name, handler = () => {} } = options
    const bounds = { concurrency: null, maxConcurrent: null, timeoutMs: null }
    tasks.set(name, { name, handler, schema: null, ...bounds, retries: 0, backoff: DEFAULT_BACKOFF })
  }
  const instance = new Instance({
    options: resolved,
    link,
    clock: new SampledRedisClock(() => performance.now(), Date.now),
    tasks,
    emit: events.emitTo,
    time: SYSTEM_TIME,
    writeLine: () => {},
    onDataLoss: () => {},
    onAnswer: () => {},
    tz: options.tz,
  })
  let stopping: Promise<void> | null = null
  const stop = () => (stopping ??= instance.stop(1_000).then(() => link.close()))
  await instance.start()
  return { id: instance.worker.id, events, stop }
}
