import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'

/** Time after its last heartbeat for which a worker is live, ms. */
const LIVE_MS = 15_000
/** Workers whose records one round trip reads. */
const READ_COUNT = 100

/** The parked work of one task queue. */
interface ParkedWork {
  readonly pool: string
  readonly task: string
  readonly count: number
  readonly schedule: string
}

/**
 * Reads the parked work of a shard, and the task queues that the live workers serve, whose list is on the first shard.
 */
export function createTaskQueueReader(client: RedisClient, keys: Keys, home: Keys) {
  async function readQueue(queue: string, beforeMs: number): Promise<ParkedWork | null> {
    const parked = keys.lane(queue)
    const count = await client.zcount(parked, '-inf', beforeMs)
    const [member] = await client.zrangebyscore(parked, '-inf', beforeMs, 'LIMIT', 0, 1)
    if (member === undefined) return null
    const cut = queue.indexOf('\n')
    return { pool: queue.slice(0, cut), task: queue.slice(cut + 1), count, schedule: scheduleOf(member) }
  }

  return {
    async overdue(beforeMs: number): Promise<ParkedWork[]> {
      const queues = await client.smembers(keys.lanes)
      const found = await Promise.all(queues.map((queue) => readQueue(queue, beforeMs)))
      return found.filter((work) => work !== null)
    },

    async served(nowMs: number): Promise<Set<string>> {
      const ids = await client.zrangebyscore(home.workers, nowMs - LIVE_MS, '+inf')
      const served = new Set<string>()
      for (let start = 0; start < ids.length; start += READ_COUNT) {
        const some = ids.slice(start, start + READ_COUNT)
        const records = await Promise.all(some.map((id) => client.hmget(home.worker(id), 'pool', 'tasks')))
        for (const [pool, tasks] of records) for (const task of readTasks(tasks)) served.add(`${pool}\n${task}`)
      }
      return served
    },
  }
}

/** A parked member is a schedule, `s<name>`, or a run, `r<schedule>@<instant>`. */
function scheduleOf(member: string): string {
  return member.startsWith('s') ? member.slice(1) : member.slice(1, member.lastIndexOf('@'))
}

/** Reads the tasks of a worker; invalid text counts as none, because any program may have written the record. */
function readTasks(text: string | null | undefined): string[] {
  try {
    const tasks = JSON.parse(text ?? '[]') as unknown
    return Array.isArray(tasks) ? tasks.map(String) : []
  } catch {
    return []
  }
}
