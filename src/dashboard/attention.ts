import type { WorkerView } from '../index.js'
import type { Catalogue, CatalogueRow } from './catalogue.js'
import type { FleetSource } from './fleet-source.js'

/** Something that a person should look at. */
export interface AttentionItem {
  readonly kind: 'late' | 'failing' | 'invalid' | 'unserved' | 'edited' | 'no-workers' | 'paused'
  /** The schedule, where it is one. */
  readonly name?: string
  /** How many schedules it is about, where it is several. */
  readonly count?: number
  /** In plain words, behind the name. */
  readonly text: string
  /** What the last run, or the definition, says. */
  readonly error?: string
  /** Since when, or when it was last seen. */
  readonly since?: Date
  /** The task, of what no worker serves. */
  readonly task?: string
}

/** So many of a kind are shown one by one. */
const MOST_EACH = 5

interface Situation {
  readonly source: FleetSource
  readonly catalogue: Catalogue
  readonly workers: readonly WorkerView[]
  readonly late: readonly { readonly name: string; readonly at: Date }[]
  readonly nowMs: number
}

/** What needs a person, the worst first: late, failing, invalid, unserved, paused. */
export async function findAttention(situation: Situation): Promise<AttentionItem[]> {
  const { catalogue, workers } = situation
  const rows = [...catalogue.rows.values()]
  const active = rows.filter(({ state }) => state === 'active')
  const items: AttentionItem[] = []
  if (workers.length === 0 && active.length > 0) {
    const text = `No worker is there: ${active.length === 1 ? 'the one active schedule waits' : `${active.length} active schedules wait`}.`
    items.push({ kind: 'no-workers', count: active.length, text })
  }
  items.push(...(await findLate(situation)), ...(await findFailing(situation, rows)))
  items.push(...findInvalid(rows))
  if (workers.length > 0) items.push(...findUnserved(active, workers))
  items.push(...findEdited(rows), ...findPaused(rows))
  return items
}

async function findLate({ late, source }: Situation): Promise<AttentionItem[]> {
  const shown = late.slice(0, MOST_EACH)
  const items = await Promise.all(
    shown.map(async ({ name, at }): Promise<AttentionItem> => {
      const { reasons } = await source.explain(name)
      const telling = reasons.find(({ code }) => code !== 'late' && code !== 'clock') ?? reasons[0]
      return { kind: 'late', name, since: at, text: telling?.message ?? 'it is due, and no worker has taken it' }
    }),
  )
  return withRest(items, 'late', late.length)
}

async function findFailing({ source }: Situation, rows: readonly CatalogueRow[]): Promise<AttentionItem[]> {
  const failing = rows.filter(({ failures, state }) => failures > 0 && state !== 'invalid')
  failing.sort((left, right) => right.failures - left.failures || (left.name < right.name ? -1 : 1))
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

function findInvalid(rows: readonly CatalogueRow[]): AttentionItem[] {
  const invalid = rows.filter(({ state }) => state === 'invalid')
  const items = invalid.slice(0, MOST_EACH).map(({ name, error }): AttentionItem => {
    return { kind: 'invalid', name, text: 'cannot be used as it is written', ...(error ? { error } : {}) }
  })
  return withRest(items, 'invalid', invalid.length)
}

function findUnserved(active: readonly CatalogueRow[], workers: readonly WorkerView[]): AttentionItem[] {
  const served = new Set(workers.flatMap(({ pool, tasks }) => tasks.map((task) => `${pool}\n${task}`)))
  const unserved = new Map<string, CatalogueRow[]>()
  for (const row of active) {
    const place = `${row.pool}\n${row.task}`
    if (served.has(place)) continue
    const group = unserved.get(place)
    if (group) group.push(row)
    else unserved.set(place, [row])
  }
  return [...unserved.values()].slice(0, MOST_EACH).map((group): AttentionItem => {
    const { task, pool, name } = group[0]!
    const where = pool === 'default' ? '' : ` in pool ${pool}`
    const text = `no live worker${where} has the task ${task}`
    return group.length === 1
      ? { kind: 'unserved', name, task, text }
      : { kind: 'unserved', task, count: group.length, text }
  })
}

function findEdited(rows: readonly CatalogueRow[]): AttentionItem[] {
  const edited = rows.filter(({ differs }) => differs.length > 0)
  const items = edited.slice(0, MOST_EACH).map(({ name, differs }): AttentionItem => {
    return { kind: 'edited', name, text: `was edited live, and differs from its declaration in ${differs.join(', ')}` }
  })
  return withRest(items, 'edited', edited.length)
}

function findPaused(rows: readonly CatalogueRow[]): AttentionItem[] {
  const count = rows.filter(({ state }) => state === 'paused').length
  return count === 0
    ? []
    : [{ kind: 'paused', count, text: `${count === 1 ? '1 schedule is' : `${count} schedules are`} paused` }]
}

function withRest(items: AttentionItem[], kind: AttentionItem['kind'], count: number): AttentionItem[] {
  const rest = count - items.length
  return rest > 0 ? [...items, { kind, count: rest, text: `${rest} more` }] : items
}
