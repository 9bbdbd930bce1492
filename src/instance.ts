import { hostname } from 'node:os'
import { EverybeatError } from './errors.js'
import type { Emit } from './events.js'
import type { ResolvedOptions } from './options.js'
import { closeClient, duplicateForClaims, openLockNode, type Connection } from './redis/client.js'
import { createStartLocks } from './redis/lease.js'
import { createKeys } from './redis/keys.js'
import type { Link } from './redis/link.js'
import { openWake, type Wake } from './redis/wake.js'
import { openWatch, type Watch } from './redis/watch.js'
import { BEAT_MS, createWorkerStore } from './redis/worker-store.js'
import { VERSION } from './version.js'
import { tzDataVersion } from './time/tz-data.js'
import type { RedisClock } from './worker/port.js'
import type { HeartbeatReply } from './worker/port.js'
import type { Task } from './worker/tasks.js'
import { createWorker, createWorkerId, type Worker } from './worker/worker.js'

/** The layout of keys that this version reads and writes. */
const LAYOUT = '1'

/** What an instance is made of. */
export interface InstanceParts {
  readonly options: ResolvedOptions
  readonly link: Link
  readonly clock: RedisClock
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  readonly monotonic: () => number
  readonly onMemoryLost: () => void
}

/** A worker with its connections: what `start` makes and `stop` takes down. */
export interface Instance {
  readonly worker: Worker
  start(): Promise<void>
  stop(timeoutMs: number): Promise<void>
}

/** Wires a worker to Redis: its stores, the wake channel, and the watch over definitions when it is its turn. */
export function createInstance(parts: InstanceParts): Instance {
  const { options, link, clock, tasks, emit, monotonic } = parts
  const id = createWorkerId()
  const shards = Array.from({ length: options.shards }, (_, shard) => createKeys(options.prefix, shard, options.shards))
  const startedAt = Date.now()
  let wake: Wake | null = null
  let watch: Watch | null = null

  const claimClient = options.durability ? duplicateForClaims(link.connection) : null
  const lockNodes: Connection[] = options.lockNodes.map((node) =>
    openLockNode(node.kind === 'url' ? node.url : node.kind === 'client' ? node.client : node.options),
  )
  const locks = lockNodes.length === 0 ? null : createStartLocks(lockNodes.map(({ client }) => client))
  const stores = shards.map((keys) =>
    createWorkerStore({
      durability:
        claimClient && options.durability ? { client: claimClient, acknowledgement: options.durability } : null,
      locks,
      client: link.connection.client,
      keys,
      clock,
      monotonic,
      workerId: id,
      leaseMs: options.leaseMs,
      shards: options.shards,
      // A name of its own for each memory: the worker that named the former one must see that this is another.
      createGeneration: createWorkerId,
    }),
  )
  const worker = createWorker(
    {
      id,
      concurrency: options.concurrency,
      leaseMs: options.leaseMs,
      maxSleepMs: options.maxSleepMs,
      beatMs: BEAT_MS,
      pool: options.pool,
      tasks,
      clock,
      emit,
      monotonic,
      wall: Date.now,
      random: Math.random,
      describe,
      onMemoryLost: parts.onMemoryLost,
      onWatchDuty: setWatch,
      onHeartbeat: checkLayout,
    },
    stores,
  )

  function describe(): Record<string, string> {
    const skew = clock.skewMs()
    return {
      host: hostname(),
      pid: String(process.pid),
      version: VERSION,
      node: process.version,
      tz: tzDataVersion(),
      pool: options.pool,
      tasks: JSON.stringify([...tasks.keys()]),
      concurrency: String(options.concurrency),
      running: String(worker.activeRuns.size),
      skewMs: Number.isNaN(skew) ? '0' : String(Math.round(skew)),
      startedAt: String(startedAt),
    }
  }

  function checkLayout({ layout, shards: count }: HeartbeatReply): void {
    if (layout !== LAYOUT) {
      const message = `the keys under prefix ${JSON.stringify(options.prefix)} have layout ${layout}, this version knows layout ${LAYOUT}: upgrade, or use another prefix`
      throw new EverybeatError('ERR_EVERYBEAT_LAYOUT', message, { field: 'prefix', value: options.prefix })
    }
    if (count !== String(options.shards)) {
      const message = `shards: ${options.shards} is not allowed: the fleet of prefix ${JSON.stringify(options.prefix)} has ${count}`
      throw new EverybeatError('ERR_EVERYBEAT_LAYOUT', message, { field: 'shards', value: options.shards })
    }
  }

  function setWatch(watches: boolean): void {
    if (!watches) {
      void watch?.stop()
      watch = null
      worker.setWatched(false)
      return
    }
    watch ??= openWatch(link.connection, shards, {
      onDefinition: noteDefinition,
      onFlush: parts.onMemoryLost,
      onWatching: (watching) => worker.setWatched(watching),
    })
  }

  // Edits come in bursts (each field of a bare HSET, a bulk load): names are gathered for one look.
  const noted = shards.map(() => new Set<string>())
  let looking = false
  let stopped = false
  function noteDefinition(shard: number, schedule: string): void {
    noted[shard]?.add(schedule)
    if (looking) return
    looking = true
    setTimeout(() => void lookAtNoted(), 20)
  }

  async function lookAtNoted(): Promise<void> {
    looking = false
    if (stopped) return
    for (const [shard, names] of noted.entries()) {
      const list = [...names]
      names.clear()
      for (let start = 0; start < list.length; start += 200) await worker.inspect(shard, list.slice(start, start + 200))
    }
  }

  return {
    worker,
    async start() {
      wake = openWake(link.connection, shards, id, {
        onHead: (shard, headMs, count) => worker.heardHead(shard, headMs, count),
        onLane: (shard, pool, task) => worker.heardLane(shard, pool, task),
        onChanged: (_shard, schedule) => emit('schedule:changed', { schedule }),
        onCancel: (workerId, kind, runId) => {
          if (workerId === id) worker.cancel(runId, kind === 'replaced' ? 'replaced' : 'cancelled')
        },
        onFleet: (change, workerId) =>
          emit(change === 'joined' ? 'worker:joined' : 'worker:left', { worker: workerId }),
        onUnknown: (shard) => worker.nudge(shard),
        onReady: () => worker.nudge(),
      })
      await wake.ready()
      if (!stopped) await worker.start()
    },
    async stop(timeoutMs) {
      stopped = true
      await worker.stop(timeoutMs)
      const owned = lockNodes.filter(({ owned }) => owned).map(({ client }) => client)
      const others = [wake?.client, claimClient, ...owned].flatMap((client) => client ?? [])
      await Promise.all([watch?.stop(), ...others.map(closeClient)])
    },
  }
}
