import { EverybeatError } from '../errors.js'
import { endsWithin, type TimeSource } from '../time-source.js'
import type { ScheduleStore } from './store.js'

/**
 * A store of which each call ends within a time: a server that hangs, or a node of a Cluster that is gone, keeps no
 * caller waiting for ever. The call itself goes on, and may take effect later.
 *
 * @param timeoutMs how long a call may take, ms; it rejects with `ERR_EVERYBEAT_CONNECTION` then
 */
export function boundStore(store: ScheduleStore, timeoutMs: number, time: TimeSource): ScheduleStore {
  const bounded = Object.entries(store).map(([name, method]) => {
    const call = method as (...args: unknown[]) => Promise<unknown>
    return [name, (...args: unknown[]) => bound(call.apply(store, args), name)] as const
  })

  async function bound(work: Promise<unknown>, what: string): Promise<unknown> {
    if (await endsWithin(time, timeoutMs, work)) return await work
    const message = `Redis did not answer \`${what}\` within ${timeoutMs} ms (connectTimeoutMs); it may still do what it was asked for`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message)
  }

  return Object.fromEntries(bounded) as unknown as ScheduleStore
}
