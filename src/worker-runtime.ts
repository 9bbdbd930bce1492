import { hostname } from 'node:os'
import { toErrorData, type Emit } from './events/events.js'
import { createNameGatherer } from './worker/maintenance/name-batcher.js'
import type { ResolvedOptions } from './options/options.js'
import { closeClient, duplicateForClaims, openLockNode, type Connection } from './redis/connection/client.js'
import { createStartLocks } from './redis/lease/redlock-leases.js'
import { refuseWrongNode } from './redis/connection/wait-until-ready.js'
import { createKeys } from './redis/keys.js'
import { agreeOnLayout, assertLayout } from './redis/layout.js'
import { createLeaseThread } from './redis/lease/lease-thread.js'
import type { Link } from './redis/connection/command-connection.js'
import { createRehearsalStore } from './redis/stores/stub-store.js'
import { openWake, type Wake } from './redis/notify/fleet-channel.js'
import { openWatch } from './redis/notify/definition-watch.js'
import type { Watch } from './redis/notify/definition-listener.js'
import { BEAT_MS, createWorkerStore } from './redis/stores/worker-store.js'
import { SYSTEM_TIME, type TimeSource } from './time-source.js'
import { VERSION } from './version.js'
import { tzDataVersion } from './time/tz-data.js'
import { createRedisClock } from './worker/loop/redis-clock.js'
import { createEditGatherer } from './worker/maintenance/edit-batcher.js'
import type { RedisClock, WorkerStore } from './worker/store.js'
import type { Task } from './worker/run/task.js'
import { warmUp } from './worker/warm-up.js'
import { createWorker, type Worker } from './worker/worker.js'

/** What an instance is made of. */
export interface InstanceParts {
  readonly options: ResolvedOptions
  readonly link: Link
  readonly clock: RedisClock
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  /** The clocks, timers and random numbers of the whole worker. */
  readonly time: TimeSource
  readonly onMemoryLost: () => void
  /** The version of time-zone data to work under; default: this runtime's. For tests of fleets with different ones. */
  readonly tz?: string
}

/** A worker with its connections: what `start` makes and `stop` takes down. */
export interface Instance {
  readonly worker: Worker
  start(): Promise<void>
  stop(timeoutMs: number): Promise<void>
}

/** Wires a worker to Redis: its stores, the wake channel, and the watch over definitions when it is its turn. */
export function createInstance(parts: InstanceParts): Instance {
  const { options, link, clock, tasks, emit, time } = parts
  const { monotonic, wall } = time
  const id = time.randomId()
  const shards = Array.from({ length: options.shards }, (_, shard) => createKeys(options.prefix, shard, options.shards))
  const startedAt = wall()
  const tz = parts.tz ?? tzDataVersion()
  const generation = time.randomId()
  let wake: Wake | null = null
  let watch: Watch | null = null
  let isWatching = false
  let stopping = false

  const claimClient = options.durability ? duplicateForClaims(link.connection) : null
  const lockNodes: Connection[] = options.lockNodes.map((node) => openLockNode(node, time))
  // From the beginning on: what a node refuses, it says while it is connected to.
  const verdicts = Promise.all(
    lockNodes.map(({ client }, index) => refuseWrongNode(client, time, `lockNodes[${index}]`)),
  )
  verdicts.catch(() => {})
  const locks =
    lockNodes.length === 0
      ? null
      : createStartLocks(
          lockNodes.map(({ client }) => client),
          time,
        )
  const stores = shards.map((keys, shard) =>
    createWorkerStore({
      durability:
        claimClient && options.durability ? { client: claimClient, acknowledgement: options.durability } : null,
      locks,
      client: link.connection.client,
      keys,
      // The nodes of a Cluster have clocks of their own.
      clock: shard === 0 || !link.connection.isCluster ? clock : createRedisClock(monotonic, wall),
      monotonic,
      workerId: id,
      leaseMs: options.leaseMs,
      shards: options.shards,
      generation,
    }),
  )
  const leaseThread =
    // A thread has the machine's clock: a worker on another one keeps its leases itself.
    options.leaseKeeper === 'loop' || options.redis.kind === 'client' || time !== SYSTEM_TIME
      ? null
      : createLeaseThread({
          redis: options.redis,
          shards,
          workerId: id,
          leaseMs: options.leaseMs,
          monotonic,
          onError: (error) => emit('error', { ...toErrorData(error), context: 'lease keeper' }),
        })
  const [home, ...others] = stores as [WorkerStore, ...WorkerStore[]]
  /** A heartbeat that is answered shows whether the connections that only listen still hear anything. */
  const heard: WorkerStore = {
    ...home,
    async heartbeat(...beat) {
      const sentAt = monotonic()
      const reply = await home.heartbeat(...beat)
      wake?.expectSign(sentAt)
      watch?.expectSign(sentAt)
      return reply
    },
  }
  const worker = createWorker(
    {
      id,
      concurrency: options.concurrency,
      leaseMs: options.leaseMs,
      leaseThread,
      maxSleepMs: options.maxSleepMs,
      beatMs: BEAT_MS,
      pool: options.pool,
      tz,
      tasks,
      emit,
      time,
      describe,
      onMemoryLost,
      onWatchDuty: setWatch,
      onReply: (reply) => assertLayout(options, reply),
    },
    [heard, ...others],
  )

  function onMemoryLost(): void {
    parts.onMemoryLost()
    if (options.shards > 1 && !stopping)
      agree().catch((error: unknown) => emit('error', { ...toErrorData(error), context: 'layout' }))
  }

  /** With several shards their number also stands where one with another number looks; a heartbeat does not look there. */
  function agree(): Promise<void> {
    return agreeOnLayout(link.connection.client, options, generation)
  }

  function describe(): Record<string, string> {
    const skew = clock.skewMs()
    return {
      host: hostname(),
      pid: String(process.pid),
      version: VERSION,
      node: process.version,
      tz,
      pool: options.pool,
      tasks: JSON.stringify([...tasks.keys()]),
      concurrency: String(options.concurrency),
      running: String(worker.activeRuns.size),
      watching: isWatching ? '1' : '0',
      skewMs: Number.isNaN(skew) ? '0' : String(Math.round(skew)),
      startedAt: String(startedAt),
    }
  }

  function setWatching(watching: boolean): void {
    isWatching = watching
    worker.setWatched(watching)
  }

  function setWatch(watches: boolean): void {
    if (!watches) {
      void watch?.stop()
      watch = null
      setWatching(false)
      return
    }
    watch ??= openWatch(link.connection, shards, id, {
      onDefinition: edits.noteWritten,
      onFlush() {
        // The next heartbeat also says again which layout the keys have.
        worker.reconnected()
        onMemoryLost()
      },
      onWatching: setWatching,
    })
  }

  const changed = createNameGatherer(time, shards.length, worker.checkPlans)
  const asked = createNameGatherer(time, shards.length, worker.plan)
  const edits = createEditGatherer(time, (shard, names) => worker.inspect(shard, names))

  return {
    worker,
    async start() {
      wake = openWake(link.connection, shards, id, {
        onHead: (shard, headMs, count) => worker.heardHead(shard, headMs, count),
        onLane: (shard, pool, task) => worker.heardLane(shard, pool, task),
        onChanged: (shard, schedules) => {
          // Who does not watch hears of no writes that these would explain.
          if (watch) edits.noteAnnounced(shard, schedules)
          worker.heardChanged(schedules)
          for (const schedule of schedules) {
            if (worker.checksWrites()) changed.note(shard, schedule)
            emit('schedule:changed', { schedule })
          }
        },
        onPlan: (shard, workerId, schedule) => {
          if (workerId === id) asked.note(shard, schedule)
        },
        onMemory: (shard, generation) => worker.heardMemory(shard, generation),
        onCancel: (workerId, kind, runId) => {
          if (workerId === id) worker.cancel(runId, kind === 'replaced' ? 'replaced' : 'cancelled')
        },
        onFleet(change, workerId, size) {
          if (change === 'joined') worker.heardJoined(workerId, size)
          emit(change === 'joined' ? 'worker:joined' : 'worker:left', { worker: workerId })
        },
        onLayout: () => worker.reconnected(),
        onUnknown: (shard) => worker.nudge(shard),
        onReady: () => worker.nudge(),
      })
      await Promise.all([
        time === SYSTEM_TIME && warmUp(createRehearsalStore),
        wake.ready(),
        leaseThread?.ready(options.connectTimeoutMs),
      ])
      await verdicts
      if (options.shards > 1) await agree()
      if (!stopping) await worker.start()
    },
    async stop(timeoutMs) {
      stopping = true
      edits.stop()
      changed.stop()
      asked.stop()
      await worker.stop(timeoutMs)
      const owned = lockNodes.filter(({ owned }) => owned).map(({ client }) => client)
      const others = [wake?.client, claimClient, ...owned].flatMap((client) => client ?? [])
      await Promise.all([watch?.stop(), leaseThread?.stop(), ...others.map((client) => closeClient(client, time))])
    },
  }
}
