import { parentPort, workerData } from 'node:worker_threads'
import { SYSTEM_TIME } from '../../time-source.js'
import { closeClient, openConnection } from '../connection/client.js'
import { extendLeases } from './extend-leases.js'
import type { LeaseNews, LeaseOrder, LeaseThreadData } from './lease-thread-messages.js'
import { ThreadLeases } from './thread-leases.js'

// The program of the thread that `lease-thread.ts` starts.

const { redis, leaseMs, clockOffsetMs, life } = workerData as LeaseThreadData
const { client } = openConnection(redis)
const leases = new ThreadLeases({
  leaseMs,
  life,
  // The monotonic clock of a thread starts at 0 with the thread.
  time: { ...SYSTEM_TIME, monotonic: () => Number(process.hrtime.bigint()) / 1e6 - clockOffsetMs },
  extend: (held) => extendLeases(client, held, leaseMs),
  onLost: (id) => tell({ kind: 'lost', id }),
})

function tell(news: LeaseNews): void {
  parentPort?.postMessage(news)
}

async function stop(): Promise<void> {
  leases.stop()
  await closeClient(client)
  parentPort?.close()
}

client.once('ready', () => tell({ kind: 'ready' }))
parentPort?.on('message', (order: LeaseOrder) => {
  if (order.kind === 'stop') void stop()
  else if (order.kind === 'release') leases.release(order.id)
  else leases.keep(order)
})
