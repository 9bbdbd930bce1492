import { type Cluster, Redis } from 'ioredis'
import { createKeys, shardOf } from '../../../src/redis/keys.js'

/** An entry of the history as Redis stores it. */
export interface HistoryRecord {
  readonly schedule: string
  readonly scheduledAt: number
  readonly outcome: string
  readonly reason: string
  readonly runId: string
  readonly worker: string
  readonly fence: number
  readonly count: number
  readonly untilMs: number
}

/** Reads the history streams as they grow, so that nothing that is flushed or trimmed later is missed. */
export interface HistoryReader {
  readonly entries: readonly HistoryRecord[]
  /** Reads what is new. Rejects when Redis does not answer. */
  read(): Promise<void>
  close(): void
}

/** Opens a reader of its own on the streams of these schedules. */
export function openHistory(url: string, prefix: string, names: readonly string[]): HistoryReader {
  const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 100, commandTimeout: 2_000 })
  client.on('error', () => {})
  const lastIds = new Map<string, string>()
  const entries: HistoryRecord[] = []
  let reading: Promise<void> | null = null
  const readNew = async (): Promise<void> => {
    const pipeline = client.pipeline()
    for (const name of names) {
      const after = lastIds.get(name)
      pipeline.xrange(`{${prefix}}:history:${name}`, after === undefined ? '-' : `(${after}`, '+')
    }
    const replies = (await pipeline.exec()) as [Error | null, [string, string[]][]][]
    for (const [index, [error, lines]] of replies.entries()) {
      if (error) throw error
      for (const [id, flat] of lines) {
        lastIds.set(names[index]!, id)
        entries.push(toEntry(names[index]!, flat))
      }
    }
  }
  // Two readings at once would take the same entries twice.
  const read = (): Promise<void> => (reading ??= readNew().finally(() => (reading = null)))
  return { entries, read, close: () => client.disconnect() }
}

/** Reads the histories as they stand, on any number of shards. */
export async function readHistory(
  client: Redis | Cluster,
  prefix: string,
  shards: number,
  names: readonly string[],
): Promise<HistoryRecord[]> {
  const lists = await Promise.all(
    names.map(async (name) => {
      const lines = await client.xrange(createKeys(prefix, shardOf(name, shards), shards).history(name), '-', '+')
      return lines.map(([, flat]) => toEntry(name, flat))
    }),
  )
  return lists.flat()
}

/** Reads an entry of a history from its fields and values. */
export function toEntry(schedule: string, flat: readonly string[]): HistoryRecord {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(flat[index]!, flat[index + 1]!)
  const field = (name: string): string => fields.get(name) ?? ''
  const at = Number(field('at'))
  const [ranBy, fenceOfRan] = fields.get('ran')?.split(' ') ?? []
  const distance = fields.get('+fence') ?? fenceOfRan
  return {
    schedule,
    scheduledAt: at,
    outcome: field('outcome'),
    reason: field('reason'),
    runId: fields.get('run') ?? `${schedule}@${field('at')}`,
    worker: ranBy ?? field('worker'),
    fence: distance === undefined ? Number(field('fence')) : at + Number(distance),
    count: Number(fields.get('count') ?? 1),
    untilMs: Number(field('until')),
  }
}
