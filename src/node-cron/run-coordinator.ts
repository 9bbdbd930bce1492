import { randomUUID } from 'node:crypto'
import { EverybeatError, openRedis, type EverybeatOptions } from '../index.js'

/** Options of {@link createRunCoordinator}: the Redis, and the prefix of the fleet. */
export type RunCoordinatorOptions = Pick<EverybeatOptions, 'redis' | 'tls' | 'prefix'>

/** The methods that node-cron calls around each run of a `distributed` task, and one to close the connection. */
export interface RunCoordinator extends AsyncDisposable {
  /** Whether this process runs the task at this instant: true in one of the processes that ask for the same key. */
  shouldRun(key: string, ttlMs: number): Promise<boolean>
  /** Keeps the instant taken for as long again, so that a process with a slow clock does not run it after the others. */
  onComplete(key: string): Promise<void>
  /** Closes the connection, if the coordinator has opened it. */
  close(): Promise<void>
}

/** The longest that Redis may take to answer, ms: an instant that no process runs is better than a wait without end. */
const ANSWER_MS = 5_000

/**
 * Makes the coordinator that node-cron 4 asks for tasks with `distributed: true`: pass it to `setRunCoordinator`, or to a
 * task as `runCoordinator`. For each task and instant one process of the fleet gets to run it. The key stays for the task's
 * `distributedLease` (30 s by default), which has to be longer than clocks differ.
 *
 * Every process needs the same time to within that lease, because node-cron asks by its own clock; and an instant at which
 * no process is up is lost. A schedule of Everybeat has neither limit.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for wrong options; `shouldRun` rejects when Redis does not answer, which
 *   node-cron reports as `coordinator-error`, and no process runs
 */
export function createRunCoordinator(options: RunCoordinatorOptions = {}): RunCoordinator {
  const { client, prefix, close } = openRedis(options)
  // The calls that need the connection reject with its errors.
  client.on('error', () => {})
  const taken = new Map<string, { token: string; ttlMs: number }>()
  const redisKey = (key: string): string => `{${prefix}}:node-cron:${key}`
  return {
    async shouldRun(key, ttlMs) {
      checkCall(key, ttlMs)
      const token = randomUUID()
      const set = await withinTime(client.set(redisKey(key), token, 'PX', ttlMs, 'NX'))
      // A command that was sent again after a lost reply meets the key that it set itself.
      const isOurs = set === 'OK' || (await withinTime(client.get(redisKey(key)))) === token
      if (isOurs) taken.set(key, { token, ttlMs })
      return isOurs
    },
    async onComplete(key) {
      const ours = taken.get(key)
      taken.delete(key)
      if (ours) await withinTime(client.set(redisKey(key), ours.token, 'PX', ours.ttlMs))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function checkCall(key: unknown, ttlMs: unknown): void {
  const wrongKey = typeof key !== 'string' || key === ''
  if (!wrongKey && Number.isSafeInteger(ttlMs) && (ttlMs as number) > 0) return
  const [field, value, allowed] = wrongKey
    ? ['key', key, 'a text that is not empty']
    : ['ttlMs', ttlMs, 'whole milliseconds above 0']
  const message = `${field}: ${JSON.stringify(value) ?? String(value)}; allowed: ${allowed}`
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: String(field), value })
}

async function withinTime<Value>(answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    const message = `Redis did not answer within ${ANSWER_MS} ms`
    timer = setTimeout(() => reject(new EverybeatError('ERR_EVERYBEAT_CONNECTION', message)), ANSWER_MS)
  })
  return await Promise.race([answer, tooLate]).finally(() => clearTimeout(timer))
}
