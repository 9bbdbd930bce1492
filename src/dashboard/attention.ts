import type { RunView, WorkerView } from '../index.js'
import type { Catalogue } from './catalogue.js'
import type { CatalogueRow } from './catalogue-row.js'
import type { StateCounts, TaskPlace } from './catalogue-summary.js'
import type { FleetSource } from './fleet-source.js'

/** A fact that needs the attention of a person. */
export interface AttentionItem {
  readonly kind: 'late' | 'stuck' | 'failing' | 'invalid' | 'unserved' | 'edited' | 'no-workers' | 'paused'
  /** The schedule, for a fact about one. */
  readonly name?: string
  /** The number of schedules, for a fact about several. */
  readonly count?: number
  /** The fact in words, which follow the name. */
  readonly text: string
  /** The error of the last run, or of the definition. */
  readonly error?: string
  /** Since when the fact is true, or when it was last true. */
  readonly since?: Date
  /** The task, for schedules that no worker serves. */
  readonly task?: string
}

/** Most facts of a kind that are shown one by one. */
const MOST_EACH = 5
/** A run is stuck when it has been running for this time, ms, and for this multiple of each recent run of its schedule. */
const STUCK_LEAST_MS = 60_000
const STUCK_FACTOR = 5
const STUCK_HISTORY = 60
/** Number of the oldest runs whose histories are read. */
const MOST_LOOKED_AT = 20

/** Reasons for a late schedule that explain less than every other reason. */
const WEAK_REASONS: readonly string[] = ['late', 'clock', 'running']

interface Situation {
  readonly source: FleetSource
  readonly catalogue: Catalogue
  readonly counts: StateCounts
  readonly workers: readonly WorkerView[]
  readonly late: readonly { readonly name: string; readonly at: Date }[]
  /** The running runs. */
  readonly running: readonly RunView[]
  readonly nowMs: number
}

/** The facts that need a person, the worst first: late, stuck, failing, invalid, unserved, edited, paused. */
export async function findAttention(situation: Situation): Promise<AttentionItem[]> {
  const { catalogue, counts, workers } = situation
  const { failing, invalid, edited, places } = catalogue.summary
  const items: AttentionItem[] = []
  if (workers.length === 0 && counts.active > 0) {
    const text = `No worker is running: ${counts.active === 1 ? 'the one active schedule waits' : `${counts.active} active schedules wait`}.`
    items.push({ kind: 'no-workers', count: counts.active, text })
  }
  const [late, stuck, failed] = await Promise.all([
    findLate(situation),
    findStuck(situation),
    findFailing(situation, failing),
  ])
  items.push(...late, ...stuck, ...failed, ...findInvalid(invalid))
  if (workers.length > 0) items.push(...findUnserved(places, workers))
  items.push(...findEdited(edited), ...findPaused(counts.paused))
  return items
}

async function findLate({ late, source }: Situation): Promise<AttentionItem[]> {
  const shown = late.slice(0, MOST_EACH)
  const items = await Promise.all(
    shown.map(async ({ name, at }): Promise<AttentionItem> => {
      const { reasons } = await source.explain(name)
      const telling = reasons.find(({ code }) => !WEAK_REASONS.includes(code)) ?? reasons[0]
      return { kind: 'late', name, since: at, text: telling?.message ?? 'it is due, and no worker has claimed it' }
    }),
  )
  return withRest(items, 'late', late.length)
}

/** Runs that last far longer than earlier runs of their schedules, the oldest first. */
async function findStuck({ source, running, nowMs }: Situation): Promise<AttentionItem[]> {
  const long = running.filter(({ startedAt }) => startedAt && nowMs - startedAt.getTime() >= STUCK_LEAST_MS)
  long.sort((left, right) => left.startedAt!.getTime() - right.startedAt!.getTime())
  const items = await Promise.all(
    long.slice(0, MOST_LOOKED_AT).map(async ({ schedule, startedAt }): Promise<AttentionItem | null> => {
      const took = (await source.history(schedule, STUCK_HISTORY))
        .map(({ durationMs }) => durationMs)
        .filter((duration) => duration !== undefined)
      const longestMs = Math.max(...took)
      if (took.length === 0 || nowMs - startedAt!.getTime() < longestMs * STUCK_FACTOR) return null
      const runs = took.length === 1 ? 'the run before took' : `none of the ${took.length} runs before took longer than`
      return { kind: 'stuck', name: schedule, since: startedAt!, text: `${runs} ${secondsText(longestMs)}` }
    }),
  )
  const stuck = items.filter((item) => item !== null)
  return withRest(stuck.slice(0, MOST_EACH), 'stuck', stuck.length)
}

function secondsText(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Math.ceil(ms / 1_000)} s`
}

async function findFailing({ source }: Situation, rows: readonly CatalogueRow[]): Promise<AttentionItem[]> {
  const failing = [...rows].sort((left, right) => right.failures - left.failures || (left.name < right.name ? -1 : 1))
  const items = await Promise.all(
    failing.slice(0, MOST_EACH).map(async ({ name, failures, state }): Promise<AttentionItem> => {
      const [last] = (await source.history(name, 5)).filter(({ outcome }) => outcome !== 'skipped')
      const text = `failed ${failures === 1 ? 'once' : `${failures} times in a row`}${state === 'paused' ? ' and is paused' : ''}`
      const error = last?.error ?? last?.reason
      return { kind: 'failing', name, text, ...(error ? { error } : {}), ...(last ? { since: last.scheduledAt } : {}) }
    }),
  )
  return withRest(items, 'failing', failing.length)
}

function findInvalid(invalid: readonly CatalogueRow[]): AttentionItem[] {
  const items = invalid.slice(0, MOST_EACH).map(({ name, error }): AttentionItem => {
    return { kind: 'invalid', name, text: 'cannot be used as it is written', ...(error ? { error } : {}) }
  })
  return withRest(items, 'invalid', invalid.length)
}

function findUnserved(places: readonly TaskPlace[], workers: readonly WorkerView[]): AttentionItem[] {
  const served = new Set(workers.flatMap(({ pool, tasks }) => tasks.map((task) => `${pool}\n${task}`)))
  const unserved = places.filter(({ pool, task }) => !served.has(`${pool}\n${task}`))
  return unserved.slice(0, MOST_EACH).map(({ pool, task, name, count }): AttentionItem => {
    const where = pool === 'default' ? '' : ` in pool ${pool}`
    const text = `no live worker${where} has the task ${task}`
    return count === 1 ? { kind: 'unserved', name, task, text } : { kind: 'unserved', task, count, text }
  })
}

function findEdited(edited: readonly CatalogueRow[]): AttentionItem[] {
  const items = edited.slice(0, MOST_EACH).map(({ name, differs }): AttentionItem => {
    return { kind: 'edited', name, text: `was edited live, and differs from its declaration in ${differs.join(', ')}` }
  })
  return withRest(items, 'edited', edited.length)
}

function findPaused(count: number): AttentionItem[] {
  return count === 0
    ? []
    : [{ kind: 'paused', count, text: `${count === 1 ? '1 schedule is' : `${count} schedules are`} paused` }]
}

function withRest(items: AttentionItem[], kind: AttentionItem['kind'], count: number): AttentionItem[] {
  const rest = count - items.length
  return rest > 0 ? [...items, { kind, count: rest, text: `${rest} more` }] : items
}
