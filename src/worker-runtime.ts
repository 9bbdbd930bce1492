import { hostname } from 'node:os'
import { EverybeatError } from './errors.js'
import { toErrorData, type Emit } from './events/events.js'
import type { WriteLine } from './events/log-events.js'
import type { ResolvedOptions } from './options/options.js'
import { closeClient, duplicateForClaims, openLockNode, type Connection } from './redis/connection/client.js'
import type { CommandConnection } from './redis/connection/command-connection.js'
import { refuseWrongNode } from './redis/connection/wait-until-ready.js'
import { createKeys, type Keys } from './redis/keys.js'
import { agreeOnLayout, assertLayout } from './redis/layout.js'
import { LeaseThreadHandle } from './redis/lease/lease-thread.js'
import { createStartLocks } from './redis/lease/start-locks.js'
import type { Watch } from './redis/notify/definition-listener.js'
import { openWatch } from './redis/notify/definition-watch.js'
import { FleetChannel } from './redis/notify/fleet-channel.js'
import type { RedisClient } from './redis/redis-client.js'
import { EvictionWatch } from './redis/stores/eviction-watch.js'
import { createStubStore } from './redis/stores/stub-store.js'
import { createTaskQueueReader } from './redis/stores/task-queue-reader.js'
import { assertServer } from './redis/stores/probe-server.js'
import { BEAT_MS, RedisWorkerStore } from './redis/stores/worker-store.js'
import { endsWithin, SYSTEM_TIME, type TimeSource } from './time-source.js'
import { tzDataVersion } from './time/tz-data.js'
import { VERSION } from './version.js'
import type { HealthSource } from './worker/health.js'
import { SampledRedisClock } from './worker/loop/redis-clock.js'
import type { Task } from './worker/run/task.js'
import type { RedisClock, WorkerStore } from './worker/store.js'
import { warmUp } from './worker/warm-up.js'
import { Worker } from './worker/worker.js'

/** The parts of a worker and its connections. */
export interface InstanceParts {
  readonly options: ResolvedOptions
  readonly link: CommandConnection
  readonly clock: RedisClock
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  /** The clocks, timers and random numbers of the whole worker. */
  readonly time: TimeSource
  readonly writeLine: WriteLine
  /** Called when Redis has another generation than before: the declarations of code have to be written again. */
  readonly onDataLoss: () => void
  /** Called when Redis has answered a heartbeat. */
  readonly onAnswer: () => void
  /**
   * The version of the time-zone data that the worker reports; default: this runtime's. For tests of fleets with
   * several versions.
   */
  readonly tz?: string
}

/** A worker with its connections: its stores, the fleet channel, and the definition watch if this worker has one. */
export class Instance {
  readonly worker: Worker
  readonly #parts: InstanceParts
  readonly #shards: readonly Keys[]
  /** The generation that this instance writes where a dataset has none. */
  readonly #generation: string
  /** When the instance was made, epoch ms. */
  readonly #startedAt: number
  readonly #tz: string
  /** Connection for claims that wait for replicas; null without `durability`. */
  readonly #claimClient: RedisClient | null
  readonly #lockNodes: readonly Connection[]
  /** Rejects when a lock node refuses a certificate, a user or a password. */
  readonly #lockNodesChecked: Promise<unknown>
  readonly #leaseThread: LeaseThreadHandle | null
  readonly #evictions: EvictionWatch
  /** Receives the messages of the fleet; null before the start. */
  #channel: FleetChannel | null = null
  /** Receives edits by plain Redis commands; null while this worker has no watch. */
  #watch: Watch | null = null
  #isStopping = false

  constructor(parts: InstanceParts) {
    const { options, time, link, tasks, emit } = parts
    this.#parts = parts
    this.#shards = Array.from({ length: options.shards }, (_, shard) =>
      createKeys(options.prefix, shard, options.shards),
    )
    this.#generation = time.randomId()
    this.#startedAt = time.wall()
    this.#tz = parts.tz ?? tzDataVersion()
    this.#claimClient = options.durability ? duplicateForClaims(link.connection) : null
    this.#lockNodes = options.lockNodes.map((node) => openLockNode(node, time))
    // Listen before connecting: a lock node reports a refused password or certificate only during the handshake.
    this.#lockNodesChecked = Promise.all(
      this.#lockNodes.map(({ client }, index) => refuseWrongNode(client, time, `lockNodes[${index}]`)),
    )
    this.#lockNodesChecked.catch(() => {})
    this.#evictions = this.#createEvictionWatch()
    const id = time.randomId()
    this.#leaseThread = this.#createLeaseThread(id)
    this.worker = new Worker(
      {
        id,
        concurrency: options.concurrency,
        leaseMs: options.leaseMs,
        leaseThread: this.#leaseThread,
        maxSleepMs: options.maxSleepMs,
        beatMs: BEAT_MS,
        pool: options.pool,
        tz: this.#tz,
        tasks,
        emit,
        time,
        describe: () => this.#describe(),
        taskQueues: (shard) => createTaskQueueReader(link.connection.client, this.#shards[shard]!, this.#shards[0]!),
        onDataLoss: () => this.#onDataLoss(),
        onWatchDuty: (isWatcher) => this.#setWatch(isWatcher),
        onReply: (reply) => {
          assertLayout(options, reply)
          parts.onAnswer()
        },
      },
      this.#createStores(id),
    )
  }

  /**
   * Joins the fleet.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when a connection is not ready, or Redis does not answer, within
   *   `connectTimeoutMs`
   */
  async start(): Promise<void> {
    const { options, link, time } = this.#parts
    const { connectTimeoutMs, shards } = options
    const channel = new FleetChannel(link.connection, this.#shards, this.worker.id, this.worker)
    this.#channel = channel
    await Promise.all([
      // A warm-up makes the first claim quick, which matters only on the machine's clock.
      time === SYSTEM_TIME && warmUp(createStubStore),
      channel.ready(connectTimeoutMs),
      this.#leaseThread?.ready(connectTimeoutMs),
    ])
    await this.#lockNodesChecked
    await this.#within(assertServer(link.connection.client, this.#shards[0]!), 'probe of the server')
    if (shards > 1) await this.#within(this.#agree(), 'number of shards')
    if (!this.#isStopping) await this.#within(this.worker.start(), 'first heartbeat')
    // A worker on another time source has its store in this process, and that store evicts nothing.
    if (!this.#isStopping && time === SYSTEM_TIME) this.#evictions.start()
  }

  /** The health of the worker and the evictions of its server. */
  get health(): HealthSource {
    const { id, runCount, slotsFree, lastContactAt, silentMs } = this.worker
    return { id, runCount, slotsFree, lastContactAt, silentMs, isEvicting: this.#evictions.isEvicting }
  }

  /** Stops the worker, and closes the connections that this instance opened. */
  async stop(timeoutMs: number): Promise<void> {
    const { time } = this.#parts
    this.#isStopping = true
    this.#evictions.stop()
    await this.worker.stop(timeoutMs)
    const owned = this.#lockNodes.filter((node) => node.owned).map(({ client }) => client)
    const clients = [this.#channel?.client, this.#claimClient, ...owned].flatMap((client) => client ?? [])
    const closed = clients.map((client) => closeClient(client, time))
    await Promise.all([this.#watch?.stop(), this.#leaseThread?.stop(), ...closed])
  }

  /** @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when Redis does not answer a request of the start in time */
  async #within(request: Promise<unknown>, what: string): Promise<void> {
    const { time, options, link } = this.#parts
    if (await endsWithin(time, options.connectTimeoutMs, request, true)) return
    const message = `Redis at ${link.address} did not answer the ${what} within ${options.connectTimeoutMs} ms. Check that it runs, and the \`redis\` option`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis' })
  }

  #createStores(workerId: string): WorkerStore[] {
    const { options, link, clock, time, emit } = this.#parts
    const { client, isCluster } = link.connection
    const clients = this.#lockNodes.map((node) => node.client)
    const locks = clients.length === 0 ? null : createStartLocks(clients, time)
    const durability =
      this.#claimClient && options.durability
        ? { client: this.#claimClient, acknowledgement: options.durability }
        : null
    return this.#shards.map(
      (keys, shard) =>
        new RedisWorkerStore({
          durability,
          locks,
          hasWorkerChannels: !isCluster,
          client,
          keys,
          // The nodes of a Cluster have clocks of their own.
          clock: shard === 0 || !isCluster ? clock : new SampledRedisClock(time.monotonic, time.wall),
          monotonic: time.monotonic,
          workerId,
          leaseMs: options.leaseMs,
          shards: options.shards,
          generation: this.#generation,
          onRewind: (rewind) => emit('dataset:rewound', { ...rewind }),
          // Each answered heartbeat triggers a check that the connections which only listen still receive messages.
          onHeartbeat: (sentAt) => {
            this.#channel?.expectEcho(sentAt)
            this.#watch?.expectEcho(sentAt)
          },
        }),
    )
  }

  #createEvictionWatch(): EvictionWatch {
    const { link, time, emit, writeLine } = this.#parts
    const { client } = link.connection
    const advice = 'CONFIG SET maxmemory-policy noeviction, and in the configuration file too'
    return new EvictionWatch(client, time, {
      onPolicy: (policy) => {
        const message = `Redis may evict keys when its memory is full (maxmemory-policy ${policy}): schedules, states and leases are among them. ${advice}`
        writeLine('warn', message, { policy })
      },
      onEvicted: (count) => {
        const message = `Redis evicts keys to stay within maxmemory, ${count} of them within the last seconds; schedules, states and leases may be among them. ${advice}`
        emit('error', { name: 'EvictionError', message, context: 'eviction' })
      },
    })
  }

  #createLeaseThread(workerId: string): LeaseThreadHandle | null {
    const { options, emit, time } = this.#parts
    const { redis, leaseMs, leaseKeeper } = options
    // The lease thread uses the machine's clock, so a worker on another time source extends its leases itself.
    if (leaseKeeper === 'loop' || redis.kind === 'client' || time !== SYSTEM_TIME) return null
    return new LeaseThreadHandle({
      redis,
      shards: this.#shards,
      workerId,
      leaseMs,
      monotonic: time.monotonic,
      onError: (error) => emit('error', { ...toErrorData(error), context: 'lease keeper' }),
    })
  }

  #onDataLoss(): void {
    const { onDataLoss, options, emit } = this.#parts
    onDataLoss()
    if (options.shards === 1 || this.#isStopping) return
    this.#agree().catch((error: unknown) => emit('error', { ...toErrorData(error), context: 'layout' }))
  }

  /**
   * Stores the number of shards, if there are several, also in the key that a fleet with another number reads.
   * Heartbeats do not read that key.
   */
  #agree(): Promise<void> {
    const { options, link } = this.#parts
    return agreeOnLayout(link.connection.client, options, this.#generation)
  }

  #describe(): Record<string, string> {
    const { options, clock, tasks } = this.#parts
    const skewMs = clock.skewMs()
    return {
      host: hostname(),
      pid: String(process.pid),
      version: VERSION,
      node: process.version,
      tz: this.#tz,
      pool: options.pool,
      tasks: JSON.stringify([...tasks.keys()]),
      concurrency: String(options.concurrency),
      running: String(this.worker.runCount),
      watching: this.worker.isWatching ? '1' : '0',
      skewMs: Number.isNaN(skewMs) ? '0' : String(Math.round(skewMs)),
      startedAt: String(this.#startedAt),
    }
  }

  #setWatch(isWatcher: boolean): void {
    if (isWatcher) {
      this.#watch ??= openWatch(this.#parts.link.connection, this.#shards, this.worker.id, this.worker)
      return
    }
    void this.#watch?.stop()
    this.#watch = null
  }
}
