import type { DurabilityOptions } from '../../options/redis-source.js'
import type { ClaimedRun, RedisClock, Settlement, WorkerStore } from '../../worker/store.js'
import { databaseOf, writeMessage } from '../database.js'
import type { Keys } from '../keys.js'
import { extendLeases, type HeldLease } from '../lease/extend-leases.js'
import type { StartLocks } from '../lease/start-locks.js'
import { storePlan } from './store-plan.js'
import { DatasetWatch, noteRewind, type Rewind } from './dataset-watch.js'
import { toClaimReply, toHeartbeatReply, toSchedules, toShardReply } from './replies.js'
import type { RedisClient } from '../redis-client.js'
import { runAcknowledged, runScript } from '../scripts/run-script.js'

/** How often a worker says that it lives, ms. */
export const BEAT_MS = 5_000

interface WorkerStoreOptions {
  client: RedisClient
  keys: Keys
  clock: RedisClock
  monotonic: () => number
  workerId: string
  leaseMs: number
  shards: number
  /** What to call the memory of a Redis that has no name yet begins with this: any random text. */
  generation: string
  /** The dataset went back in time; told by heartbeats. */
  onRewind?: (rewind: Rewind) => void
  /** Where claims wait for replicas: on a connection of their own. */
  durability?: { client: RedisClient; acknowledgement: Readonly<DurabilityOptions> } | null
  /** Where independent nodes have to agree before anything starts. */
  locks?: StartLocks | null
}

/** Adds one settlement as the script takes it: how many values follow, and those that are not as they usually are. */
function addSettlement(list: (string | number)[], settlement: Settlement): void {
  const { run, refill, pauseAfter } = settlement
  const retryDelayMs = settlement.retryDelayMs ?? -1
  const isPlain =
    settlement.reason === '' &&
    settlement.resultText === '' &&
    settlement.errorText === '' &&
    retryDelayMs === -1 &&
    (pauseAfter === 0 || settlement.outcome === 'ok')
  const at = list.push(0) - 1
  list.push(run.schedule, run.runId, run.fence, settlement.outcome, settlement.durationMs, settlement.latenessMs)
  const { traceparent } = settlement
  if (refill || !isPlain || traceparent !== undefined) list.push(run.digest, refill?.after ?? '', refill?.more ?? '')
  if (!isPlain || traceparent !== undefined) {
    list.push(settlement.reason, settlement.resultText, settlement.errorText, retryDelayMs, pauseAfter)
  }
  if (traceparent !== undefined) list.push(traceparent)
  list[at] = list.length - at - 1
}

function startKey(keys: Keys, { runId, attempt, delivery }: ClaimedRun): string {
  return keys.start(runId, attempt, delivery)
}

/** The lease that a run holds. */
export function leaseOf(keys: Keys, workerId: string, run: ClaimedRun): HeldLease {
  const key = run.hasRunLease ? keys.runLease(run.runId) : keys.lease(run.schedule)
  return { key, token: `${workerId}:${run.fence}` }
}

/** What a worker does on one shard: each method is one script call. */
export function createWorkerStore(options: WorkerStoreOptions): WorkerStore {
  const { client, keys, clock, monotonic, workerId, leaseMs, durability, locks } = options
  const place = { tag: keys.tag, channel: keys.wake }
  const dataset = new DatasetWatch()
  let generations = 0
  /** Whether an announcement waits for a call that it can go with. */
  let isAnnouncementWaiting = false

  /** Never the same twice: whoever named a memory that is flushed has to see that the next one is another. */
  function freshGeneration(): string {
    generations += 1
    return `${options.generation}-${generations.toString(36)}`
  }

  async function timed<Reply extends { clockMs: number }>(call: () => Promise<Reply>): Promise<Reply> {
    const sentAt = monotonic()
    const reply = await call()
    clock.sample(sentAt, monotonic(), reply.clockMs)
    return reply
  }

  return {
    clock,

    claim: ({ requestId, slots, maxClaims, aheadMs, expectedDueMs, capacities }) =>
      timed(async () => {
        const list = capacities.flatMap(({ pool, task, maxConcurrent, freeSlots }) => [
          `${pool}\n${task}`,
          maxConcurrent,
          freeSlots,
        ])
        const call = [
          'claim-due',
          { due: keys.due, pending: keys.pending, running: keys.running, worker: keys.worker(workerId) },
          {
            ...place,
            request: requestId,
            worker_id: workerId,
            slots,
            max_claims: maxClaims,
            lease_ms: leaseMs,
            ahead: aheadMs,
            expected: expectedDueMs === null ? '' : Math.floor(expectedDueMs),
          },
          list,
        ] as const
        if (!durability) return toClaimReply(await runScript(client, ...call), leaseMs, true)
        const { reply, isAcknowledged } = await runAcknowledged(durability.client, durability.acknowledgement, ...call)
        return toClaimReply(reply, leaseMs, isAcknowledged)
      }),

    async settle(settlements) {
      const groups: (string | number)[] = []
      for (const settlement of settlements) addSettlement(groups, settlement)
      const args = { ...place, worker_id: workerId, announces: isAnnouncementWaiting ? 1 : 0 }
      isAnnouncementWaiting = false
      const [, ...outcomes] = await runScript(client, 'settle-runs', { running: keys.running }, args, groups)
      return outcomes
    },

    async announceNextDue(delay) {
      isAnnouncementWaiting = true
      await delay
      if (!isAnnouncementWaiting) return
      isAnnouncementWaiting = false
      await runScript(client, 'announce-head', { due: keys.due }, place)
    },

    async firstDue() {
      const [name] = await client.zrange(keys.due, 0, 0)
      return name ?? null
    },

    async readClock() {
      await timed(async () => {
        const [nowMicros] = await runScript(client, 'read-head', { due: keys.due }, { tag: keys.tag })
        return { clockMs: nowMicros / 1000 }
      })
    },

    async noteTrace({ schedule, runId, fence }, traceparent) {
      const args = { tag: keys.tag, run_id: runId, fence, trace: traceparent }
      await runScript(client, 'note-trace', { state: keys.state(schedule) }, args)
    },

    async extendPlan({ schedule, digest, after, more }) {
      await runScript(
        client,
        'extend-plan',
        { due: keys.due },
        { ...place, name: schedule, digest, reached: after, more },
      )
    },

    storePlan: (change) => storePlan(client, keys, change),

    async deleteFinished(schedule) {
      await runScript(
        client,
        'remove-schedule',
        { due: keys.due },
        { ...place, name: schedule, if_finished: 1, if_owner: '' },
      )
    },

    heartbeat: (fields, inspectedWith = '') =>
      timed(async () => {
        const raw = await runScript(
          client,
          'record-heartbeat',
          {
            workers: keys.workers,
            ranks: keys.ranks,
            worker: keys.worker(workerId),
            running: keys.running,
            meta: keys.meta,
            upkeep: keys.upkeep,
          },
          {
            ...place,
            worker_id: workerId,
            beat_ms: BEAT_MS,
            generation: freshGeneration(),
            shards: options.shards,
            looked_with: inspectedWith,
          },
          Object.entries(fields).flat(),
        )
        const reply = toHeartbeatReply(raw)
        const { generation, rewind } = dataset.take(reply.generation, reply.nowMs, reply.knownBeatMs)
        // An index that was removed knows no beat either.
        if (rewind && reply.repaired.length === 0) {
          options.onRewind?.(rewind)
          await noteRewind(client, keys, rewind)
        }
        return { ...reply, generation }
      }),

    async askForPlan(planner, schedule) {
      if (planner !== '')
        await client.publish(keys.wake, writeMessage(databaseOf(client), `plan ${planner} ${schedule}`))
    },

    pollShard: () =>
      timed(async () => {
        const raw = await runScript(
          client,
          'tend-shard',
          { worker: keys.worker(workerId), running: keys.running, meta: keys.meta, upkeep: keys.upkeep },
          { ...place, worker_id: workerId, beat_ms: BEAT_MS, generation: freshGeneration(), shards: options.shards },
        )
        return toShardReply(raw)
      }),

    async leave() {
      await runScript(
        client,
        'leave-fleet',
        { workers: keys.workers, ranks: keys.ranks, worker: keys.worker(workerId) },
        { ...place, worker_id: workerId },
      )
    },

    async recoverRuns(count) {
      const [inspectedCount, recovered] = await runScript(
        client,
        'recover-runs',
        { running: keys.running },
        { ...place, count },
      )
      return {
        inspectedCount,
        recovered: recovered.map(([schedule, runId, kind, worker, nominalMs, fence, attempt]) => ({
          schedule,
          runId,
          kind,
          worker,
          nominalMs: Number(nominalMs),
          fence: Number(fence),
          attempt: Number(attempt),
        })),
      }
    },

    async inspect({ shared = false, after, count, cursor, scanCount, names = [] }) {
      const [nextName, nextCursor, toPlan, removed] = await runScript(
        client,
        'inspect-definitions',
        { names: keys.names, due: keys.due },
        { ...place, shared: shared ? 1 : 0, after, count, cursor, scan_count: scanCount },
        names,
      )
      return { nextName, nextCursor, toPlan, removed }
    },

    async read(names) {
      const raw = await runScript(
        client,
        'read-schedules',
        { names: keys.names },
        { tag: keys.tag, after: '', count: 0 },
        names,
      )
      return toSchedules(raw)
    },

    async page(after, count) {
      const raw = await runScript(client, 'read-schedules', { names: keys.names }, { tag: keys.tag, after, count })
      return toSchedules(raw)
    },
    needsStartKey: Boolean(locks),
    takeStartKey: (run) => locks?.tryTake(startKey(keys, run)) ?? Promise.resolve('taken'),
    releaseStartKey: (run) => locks?.giveBack(startKey(keys, run)) ?? Promise.resolve(),

    extendLeases(runs) {
      const leases = runs.map((run) => leaseOf(keys, workerId, run))
      return extendLeases(client, leases, leaseMs)
    },
  }
}
