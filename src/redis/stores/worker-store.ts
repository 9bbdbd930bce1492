import type { DurabilityOptions } from '../../options/redis-source.js'
import type {
  ClaimedRun,
  ClaimReply,
  ClaimRequest,
  HeartbeatReply,
  InspectReply,
  InspectSlice,
  PlanRefill,
  RecoverReply,
  RedisClock,
  Settlement,
  SettleOutcome,
  ShardReply,
  WorkerStore,
} from '../../worker/store.js'
import type { PlanChange } from '../../schedule/stored-schedule.js'
import { claimArguments, queueArguments } from './claim-arguments.js'
import { addSettlement } from './settlement-arguments.js'
import { databaseOf, writeMessage } from '../database.js'
import type { Keys } from '../keys.js'
import { extendLeases } from '../lease/extend-leases.js'
import { leaseOf, startKey } from '../lease/lease-key.js'
import type { StartLocks } from '../lease/start-locks.js'
import { storePlan } from './store-plan.js'
import { DatasetWatch, noteRewind, type Rewind } from './dataset-watch.js'
import { toClaimReply, toHeartbeatReply, toSchedules, toShardReply, toRecoveredRun } from './replies.js'
import type { RedisClient } from '../redis-client.js'
import { runAcknowledged, runScript } from '../scripts/run-script.js'

/** Time between two heartbeats of a worker, ms. */
export const BEAT_MS = 5_000

interface WorkerStoreOptions {
  client: RedisClient
  keys: Keys
  clock: RedisClock
  monotonic: () => number
  workerId: string
  leaseMs: number
  shards: number
  /** Random text with which the names of new generations begin. */
  generation: string
  /** Whether each worker receives messages on a channel of its own, which is not so on a Cluster; default: it does. */
  hasWorkerChannels?: boolean
  /** Called when a heartbeat shows that the dataset was set back in time. */
  onRewind?: (rewind: Rewind) => void
  /** The separate connection of claims that wait for replicas, and their option; null or absent for none. */
  durability?: { client: RedisClient; acknowledgement: Readonly<DurabilityOptions> } | null
  /** The start locks on the lock nodes; null or absent for none. */
  locks?: StartLocks | null
  /** Called when a heartbeat is answered, with the instant at which it was sent, on the monotonic clock, ms. */
  onHeartbeat?: ((sentAt: number) => void) | undefined
}

/** The calls of a worker on one shard; each method is one script call. */
export class RedisWorkerStore implements WorkerStore {
  readonly clock: RedisClock
  readonly needsStartKey: boolean
  readonly #options: WorkerStoreOptions
  /** The tag and the channel of the shard, for the scripts. */
  readonly #place: { readonly tag: string; readonly channel: string }
  readonly #dataset = new DatasetWatch()
  /** Number of generations that this store has named. */
  #generations = 0
  /** Whether an announcement waits for a settlement call that can carry it. */
  #isAnnouncementWaiting = false

  constructor(options: WorkerStoreOptions) {
    this.clock = options.clock
    this.needsStartKey = Boolean(options.locks)
    this.#options = options
    this.#place = { tag: options.keys.tag, channel: options.keys.wake }
  }

  claim(request: ClaimRequest): Promise<ClaimReply> {
    const { client, keys, workerId, leaseMs, durability, hasWorkerChannels = true } = this.#options
    return this.#timed(async () => {
      const input = {
        keys: { due: keys.due, pending: keys.pending, running: keys.running, worker: keys.worker(workerId) },
        args: { ...this.#place, worker_id: workerId, lease_ms: leaseMs, ...claimArguments(request, hasWorkerChannels) },
        rest: queueArguments(request),
      }
      if (!durability) return toClaimReply(await runScript(client, 'claim-due', input), leaseMs, true)
      const { client: own, acknowledgement } = durability
      const { reply, isAcknowledged } = await runAcknowledged(own, acknowledgement, 'claim-due', input)
      return toClaimReply(reply, leaseMs, isAcknowledged)
    })
  }

  async settle(settlements: readonly Settlement[]): Promise<SettleOutcome[]> {
    const { client, keys, workerId } = this.#options
    const groups: (string | number)[] = []
    for (const settlement of settlements) addSettlement(groups, settlement)
    const args = { ...this.#place, worker_id: workerId, announces: this.#isAnnouncementWaiting ? 1 : 0 }
    this.#isAnnouncementWaiting = false
    const [, ...outcomes] = await runScript(client, 'settle-runs', {
      keys: { running: keys.running },
      args,
      rest: groups,
    })
    return outcomes
  }

  async announceNextDue(delay: Promise<unknown>, near: ClaimRequest['near'] = null): Promise<void> {
    const { client, keys, hasWorkerChannels = true } = this.#options
    const before = hasWorkerChannels ? near : null
    if (before) {
      await delay
    } else {
      // A settlement announces to all workers.
      this.#isAnnouncementWaiting = true
      await delay
      if (!this.#isAnnouncementWaiting) return
      this.#isAnnouncementWaiting = false
    }
    const args = { ...this.#place, before: before?.dueMs ?? '', before_count: before?.dueCount ?? '' }
    await runScript(client, 'announce-head', { keys: { due: keys.due }, args })
  }

  async firstDue(): Promise<string | null> {
    const [name = null] = await this.#options.client.zrange(this.#options.keys.due, 0, 0)
    return name
  }

  async readClock(): Promise<void> {
    const { client, keys } = this.#options
    await this.#timed(async () => {
      const [nowMicros] = await runScript(client, 'read-head', { keys: { due: keys.due }, args: { tag: keys.tag } })
      return { clockMs: nowMicros / 1000 }
    })
  }

  async noteTrace({ schedule, runId, fence }: ClaimedRun, traceparent: string): Promise<void> {
    const { client, keys } = this.#options
    const args = { tag: keys.tag, run_id: runId, fence, trace: traceparent }
    await runScript(client, 'note-trace', { keys: { state: keys.state(schedule) }, args })
  }

  async storeRefill({ schedule, digest, after, more }: PlanRefill): Promise<void> {
    const { client, keys } = this.#options
    await runScript(client, 'extend-plan', {
      keys: { due: keys.due },
      args: { ...this.#place, name: schedule, digest, reached: after, more },
    })
  }

  storePlan(change: PlanChange): Promise<'stored' | 'moved'> {
    return storePlan(this.#options.client, this.#options.keys, change)
  }

  async deleteFinished(schedule: string): Promise<void> {
    const { client, keys } = this.#options
    await runScript(client, 'remove-schedule', {
      keys: { due: keys.due },
      args: { ...this.#place, name: schedule, if_finished: 1, if_owner: '' },
    })
  }

  heartbeat(fields: Record<string, string>, inspectedWith = ''): Promise<HeartbeatReply> {
    const { client, keys, workerId, shards, onRewind, onHeartbeat } = this.#options
    return this.#timed(async () => {
      const sentAt = this.#options.monotonic()
      const raw = await runScript(client, 'record-heartbeat', {
        keys: {
          workers: keys.workers,
          ranks: keys.ranks,
          worker: keys.worker(workerId),
          running: keys.running,
          meta: keys.meta,
          upkeep: keys.upkeep,
        },
        args: {
          ...this.#place,
          worker_id: workerId,
          beat_ms: BEAT_MS,
          generation: this.#freshGeneration(),
          shards,
          looked_with: inspectedWith,
        },
        rest: Object.entries(fields).flat(),
      })
      const reply = toHeartbeatReply(raw)
      const { generation, rewind } = this.#dataset.take(reply.generation, reply.nowMs, reply.knownBeatMs)
      // A removed index holds no heartbeat, so its loss is no sign of a rewind.
      if (rewind && reply.repaired.length === 0) {
        onRewind?.(rewind)
        await noteRewind(client, keys, rewind)
      }
      onHeartbeat?.(sentAt)
      return { ...reply, generation }
    })
  }

  async askForPlan(authorityId: string, schedule: string): Promise<void> {
    const { client, keys } = this.#options
    if (authorityId !== '')
      await client.publish(keys.wake, writeMessage(databaseOf(client), `plan ${authorityId} ${schedule}`))
  }

  pollShard(): Promise<ShardReply> {
    const { client, keys, workerId, shards } = this.#options
    return this.#timed(async () => {
      const raw = await runScript(client, 'tend-shard', {
        keys: { worker: keys.worker(workerId), running: keys.running, meta: keys.meta, upkeep: keys.upkeep },
        args: { ...this.#place, worker_id: workerId, beat_ms: BEAT_MS, generation: this.#freshGeneration(), shards },
      })
      return toShardReply(raw)
    })
  }

  async leave(): Promise<void> {
    const { client, keys, workerId } = this.#options
    await runScript(client, 'leave-fleet', {
      keys: { workers: keys.workers, ranks: keys.ranks, worker: keys.worker(workerId) },
      args: { ...this.#place, worker_id: workerId },
    })
  }

  async recoverRuns(count: number): Promise<RecoverReply> {
    const { client, keys } = this.#options
    const [inspectedCount, recovered] = await runScript(client, 'recover-runs', {
      keys: { running: keys.running },
      args: { ...this.#place, count },
    })
    return { inspectedCount, recovered: recovered.map(toRecoveredRun) }
  }

  async inspect({ shared = false, after, count, cursor, scanCount, names = [] }: InspectSlice): Promise<InspectReply> {
    const { client, keys } = this.#options
    const [nextName, nextCursor, toPlan, removed] = await runScript(client, 'inspect-definitions', {
      keys: { names: keys.names, due: keys.due },
      args: { ...this.#place, shared: shared ? 1 : 0, after, count, cursor, scan_count: scanCount },
      rest: names,
    })
    return { nextName, nextCursor, toPlan, removed }
  }

  async read(names: readonly string[]): Promise<ReturnType<typeof toSchedules>> {
    const { client, keys } = this.#options
    const raw = await runScript(client, 'read-schedules', {
      keys: { names: keys.names },
      args: { tag: keys.tag, after: '', count: 0 },
      rest: names,
    })
    return toSchedules(raw)
  }

  async page(after: string, count: number): Promise<ReturnType<typeof toSchedules>> {
    const { client, keys } = this.#options
    const raw = await runScript(client, 'read-schedules', {
      keys: { names: keys.names },
      args: { tag: keys.tag, after, count },
    })
    return toSchedules(raw)
  }

  takeStartKey(run: ClaimedRun): Promise<'taken' | 'held' | 'unknown'> {
    const { keys, locks } = this.#options
    return locks?.tryTake(startKey(keys, run)) ?? Promise.resolve('taken')
  }

  releaseStartKey(run: ClaimedRun): Promise<void> {
    const { keys, locks } = this.#options
    return locks?.giveBack(startKey(keys, run)) ?? Promise.resolve()
  }

  extendLeases(runs: readonly ClaimedRun[]): Promise<('extended' | 'lost')[]> {
    const { client, keys, workerId, leaseMs } = this.#options
    const leases = runs.map((run) => leaseOf(keys, workerId, run))
    return extendLeases(client, leases, leaseMs)
  }

  /** A name that is never repeated, so that the worker that named the last generation notices a flush. */
  #freshGeneration(): string {
    this.#generations += 1
    return `${this.#options.generation}-${this.#generations.toString(36)}`
  }

  /** Makes a call whose reply holds the time, and sets the clock by it. */
  async #timed<Reply extends { clockMs: number }>(call: () => Promise<Reply>): Promise<Reply> {
    const { monotonic, clock } = this.#options
    const sentAt = monotonic()
    const reply = await call()
    clock.sample(sentAt, monotonic(), reply.clockMs)
    return reply
  }
}
