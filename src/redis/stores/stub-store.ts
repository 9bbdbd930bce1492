import type { RedisClock, WorkerStore } from '../../worker/store.js'
import { createKeys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { SCRIPTS } from '../scripts/generated.js'
import { RedisWorkerStore } from './worker-store.js'

const LEASE_MS = 30_000

/**
 * A store without a Redis: each claim wins runs, and each settlement succeeds. The worker uses the same code as with
 * Redis, down to the calls of the client; the runs are visible nowhere else.
 *
 * @param runCount number of runs that each claim wins, due at this moment
 */
export function createStubStore(clock: RedisClock, monotonic: () => number, runCount: number): WorkerStore {
  let runs = 0

  function answer(sha1: string): unknown {
    const nowMs = Math.floor(clock.now())
    if (sha1 !== SCRIPTS['claim-due'].sha1) return [nowMs, ...Array.from({ length: runCount }, () => 'settled')]
    const found = Array.from({ length: runCount }, () => describeRun((runs += 1), nowMs)).flat()
    return [nowMs * 1000, nowMs + 1000, runCount, found, [], [], 0]
  }

  const client = { evalsha: (sha1: string) => Promise.resolve(answer(sha1)) } as unknown as RedisClient
  return new RedisWorkerStore({
    client,
    keys: createKeys('rehearsal', 0, 1),
    clock,
    monotonic,
    workerId: 'rehearsal',
    leaseMs: LEASE_MS,
    shards: 1,
    generation: '',
  })
}

/** A run in the form of the reply of claim-due.lua, each with another definition. */
function describeRun(number: number, nominalMs: number): string[] {
  const cron = `${number % 60} 4 * * 1-5`
  const definition = ['8', 'task', 'rehearsal', 'cron', cron, 'tz', 'Europe/Berlin', 'payload', '{}'].join('\0')
  return [`rehearsal-${number}`, `${nominalMs} ${nominalMs} ${nominalMs} 0 ${number}`, '', definition, '']
}
