import { parentPort, workerData } from 'node:worker_threads'
import { EXTEND_SHARE, RETRY_SHARE, STANDSTILL_LEASES, TRUST_SHARE } from '../../lease-timing.js'
import { closeClient, openConnection } from '../connection/client.js'
import { createLeaseClient } from './redlock-leases.js'
import {
  CELLS,
  toMicroseconds,
  type LeaseNews,
  type LeaseOrder,
  type LeaseThreadData,
} from './lease-thread-messages.js'

// Runs in the thread that `lease-thread.ts` starts, and has nothing to export.

type Kept = Extract<LeaseOrder, { kind: 'keep' }>

const { redis, leaseMs, clockOffsetMs, life } = workerData as LeaseThreadData
const { client } = openConnection(redis)
const leases = createLeaseClient(client)
const timers = new Map<Kept, NodeJS.Timeout>()
const kept = new Map<number, Kept>()

/** The monotonic clock of the event loop: that of a thread begins with the thread. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6 - clockOffsetMs
}

function tell(news: LeaseNews): void {
  parentPort?.postMessage(news)
}

function forget(lease: Kept): void {
  clearTimeout(timers.get(lease))
  timers.delete(lease)
  kept.delete(lease.id)
}

/** A process that hangs is given up in the end: by the time-out of the run, or when its loop has stood still for long. */
function isOverdue({ until }: Kept): boolean {
  if (until !== null) return monotonic() >= until
  return monotonic() - Number(Atomics.load(life, 0)) / 1_000 > leaseMs * STANDSTILL_LEASES
}

function extendAt(lease: Kept, at: number): void {
  timers.set(
    lease,
    setTimeout(() => void extend(lease), Math.max(1, at - monotonic())),
  )
}

async function extend(lease: Kept): Promise<void> {
  if (isOverdue(lease)) return forget(lease)
  const sentAt = monotonic()
  const sentAtWall = Date.now()
  try {
    const outcome = await leases.tryExtend(lease.key, lease.token, leaseMs)
    if (kept.get(lease.id) !== lease) return
    if (outcome === 'lost') {
      forget(lease)
      Atomics.store(lease.cells, CELLS.isLost, 1n)
      return tell({ kind: 'lost', id: lease.id })
    }
    // The wall clock first: whoever reads in between trusts too little rather than too much.
    Atomics.store(lease.cells, CELLS.trustedUntilWall, toMicroseconds(sentAtWall + leaseMs * TRUST_SHARE))
    Atomics.store(lease.cells, CELLS.trustedUntil, toMicroseconds(sentAt + leaseMs * TRUST_SHARE))
    extendAt(lease, sentAt + leaseMs * EXTEND_SHARE)
  } catch {
    if (kept.get(lease.id) === lease) extendAt(lease, monotonic() + leaseMs * RETRY_SHARE)
  }
}

async function stop(): Promise<void> {
  for (const lease of [...kept.values()]) forget(lease)
  await closeClient(client)
  parentPort?.close()
}

client.once('ready', () => tell({ kind: 'ready' }))
parentPort?.on('message', (order: LeaseOrder) => {
  if (order.kind === 'stop') return void stop()
  if (order.kind === 'release') {
    const lease = kept.get(order.id)
    return lease && forget(lease)
  }
  kept.set(order.id, order)
  extendAt(order, order.trustedUntil - leaseMs * (TRUST_SHARE - EXTEND_SHARE))
})
