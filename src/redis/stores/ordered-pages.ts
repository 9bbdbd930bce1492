import type { ScheduleStore } from '../../control/store.js'
import type { EverybeatError } from '../../errors.js'
import { wrongValue } from '../../schedule/field-values.js'
import { firstNominal } from '../../schedule/plan-text.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import { shardOf, type Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import type { ShardReach } from './shard-reach.js'
import { runScript } from '../scripts/run-script.js'

type Page = Awaited<ReturnType<ScheduleStore['page']>>

/** The functions of the store that pages in another order than by name need. */
export interface PageSource {
  readonly client: RedisClient
  readonly keys: readonly Keys[]
  readonly reach: ShardReach
  /** Reads schedules of one shard, in the order of the names. */
  read(keys: Keys, names: readonly string[]): Promise<StoredSchedule[]>
  /** One page by name. */
  page(cursor: string | null, count: number): Promise<Page>
  now(): Promise<number>
}

/** Most names that one call reads for an order by last occurrence: about 2 ms of Redis's time. */
const SCAN_COUNT = 2_000

/** The end of a page by next run: a position in `due` of each shard, or a name once all of `due` was read. */
type NextCursor =
  { readonly due: readonly (readonly [score: string, name: string] | null)[] } | { readonly names: string }

/**
 * One page of schedules by their next run: first the schedules in `due` that have an instant, then all others by name.
 * A schedule that fires between two pages changes its position and may be missing.
 */
export async function pageByNext(source: PageSource, cursor: string | null, count: number): Promise<Page> {
  const at = readCursor<NextCursor>(cursor, (value) => isNextCursor(value, source.keys.length)) ?? {
    due: source.keys.map(() => null),
  }
  if ('names' in at) return await pageWithoutNext(source, at.names === '' ? null : at.names, count)
  const ahead = await Promise.all(
    source.keys.map((_, shard) =>
      source.reach.tryAsk(shard, (keys) => readDue(source.client, keys, at.due[shard]!, count)),
    ),
  )
  const unreachable = ahead.flatMap((items, shard) => (items === null ? [shard] : []))
  const merged = ahead
    .flatMap((items, shard) => (items ?? []).map(([score, name]) => ({ score, name, shard })))
    .sort((one, other) => Number(one.score) - Number(other.score) || (one.name < other.name ? -1 : 1))
    .slice(0, count)
  const due = [...at.due]
  for (const { score, name, shard } of merged) due[shard] = [score, name]
  const found = new Map<string, StoredSchedule>()
  for (const [shard, keys] of source.keys.entries()) {
    const names = merged.filter((item) => item.shard === shard).map(({ name }) => name)
    if (names.length > 0) for (const schedule of await source.read(keys, names)) found.set(schedule.name, schedule)
  }
  const schedules = merged.map(({ name }) => found.get(name)!).filter((schedule) => hasNext(schedule))
  const next: NextCursor = merged.length < count ? { names: '' } : { due }
  return { nowMs: await source.now(), schedules, cursor: writeCursor(next), unreachable }
}

/** The schedules without a next run, and those that are parked outside `due`. */
async function pageWithoutNext(source: PageSource, cursor: string | null, count: number): Promise<Page> {
  const page = await source.page(cursor, count)
  const planned = page.schedules.filter(hasNext)
  const scores = await Promise.all(
    planned.map(({ name }) => source.client.zscore(source.keys[shardOf(name, source.keys.length)]!.due, name)),
  )
  const inDue = new Set(planned.filter((_, index) => scores[index] !== null).map(({ name }) => name))
  return {
    nowMs: page.nowMs,
    schedules: page.schedules.filter(({ name }) => !inDue.has(name)),
    cursor: page.cursor === null ? null : writeCursor({ names: page.cursor }),
    unreachable: page.unreachable,
  }
}

/** The schedules after a position in `due`, with their scores. */
async function readDue(
  client: RedisClient,
  { due }: Keys,
  position: readonly [score: string, name: string] | null,
  count: number,
): Promise<[score: string, name: string][]> {
  let start = 0
  if (position !== null) {
    const [score, name] = position
    const [current, rank] = await Promise.all([client.zscore(due, name), client.zrank(due, name)])
    start = current === score && rank !== null ? rank + 1 : await client.zcount(due, '-inf', score)
  }
  const flat = await client.zrange(due, start, start + count - 1, 'WITHSCORES')
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index + 1]!, flat[2 * index]!])
}

/**
 * One page of schedules by their last occurrence, the latest first. It reads all schedules, a bounded slice in each
 * call.
 */
export async function pageByLast(source: PageSource, cursor: string | null, count: number): Promise<Page> {
  const [before, beforeName] = readCursor<[string, string]>(cursor, isLastCursor) ?? ['', '']
  const found: { name: string; last: number; keys: Keys }[] = []
  const unreachable: number[] = []
  for (let shard = 0; shard < source.keys.length; shard += 1) {
    for (let after: string | null = ''; after !== null;) {
      const from: string = after
      const raw: string[] | null = await source.reach.tryAsk(shard, (keys) =>
        runScript(source.client, 'read-last', {
          keys: { names: keys.names },
          args: { tag: keys.tag, after: from, count: SCAN_COUNT, most: count, before, before_name: beforeName },
        }),
      )
      if (raw === null) unreachable.push(shard)
      for (let index = 1; raw !== null && index < raw.length; index += 2) {
        found.push({ name: raw[index]!, last: Number(raw[index + 1]), keys: source.keys[shard]! })
      }
      after = raw?.[0] || null
    }
  }
  found.sort((one, other) => other.last - one.last || Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)))
  const page = found.slice(0, count)
  const schedules = new Map<string, StoredSchedule>()
  for (const keys of source.keys) {
    const names = page.filter((item) => item.keys === keys).map(({ name }) => name)
    if (names.length > 0) for (const schedule of await source.read(keys, names)) schedules.set(schedule.name, schedule)
  }
  const end = page.at(-1)
  return {
    nowMs: await source.now(),
    schedules: page.map(({ name }) => schedules.get(name)!).filter(({ digest }) => digest !== ''),
    cursor: end === undefined || found.length <= count ? null : writeCursor([String(end.last), end.name]),
    unreachable,
  }
}

/** Whether the state of a schedule holds a next run. */
function hasNext({ digest, state }: StoredSchedule): boolean {
  return (
    digest !== '' && digest === state.digest && state.paused === undefined && firstNominal(state.plan ?? '') !== null
  )
}

function isNextCursor(value: { due?: unknown; names?: unknown }, shards: number): boolean {
  return typeof value.names === 'string' || (Array.isArray(value.due) && value.due.length === shards)
}

function isLastCursor(value: object): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
}

/** @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a text that is no cursor of this order */
function readCursor<Cursor>(text: string | null, isCursor: (value: object) => boolean): Cursor | null {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (typeof value === 'object' && value !== null && isCursor(value)) return value as Cursor
  } catch {
    // The text is no JSON.
  }
  throw wrongCursor(text)
}

/** The error for an invalid cursor. */
export function wrongCursor(text: string): EverybeatError {
  return wrongValue('cursor', text, 'the cursor of the previous page, with the same order', 'ERR_EVERYBEAT_OPTIONS')
}

function writeCursor(cursor: unknown): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}
