import type { Catalogue } from './catalogue.js'
import type { CatalogueRow } from './catalogue-row.js'
import { badRequest } from './problem.js'

/** The states by which a list can be filtered: the states of schedules, and `failing`. */
export const LISTED_STATES = ['active', 'paused', 'finished', 'invalid', 'failing'] as const

/** The orders of a list, `last` with the latest first; `-` before the order reverses it. */
export const SORTS = ['name', 'next', 'last', 'failures'] as const

/** A query: the schedules, their order, and the begin of the page. */
export interface ScheduleQuery {
  /** Words that must be in the name, task, owner or a tag; `tag:x`, `task:x`, `owner:x`, `pool:x` name the field. */
  readonly q: string
  readonly state: (typeof LISTED_STATES)[number] | null
  readonly task: string | undefined
  readonly tag: string | undefined
  readonly owner: string | undefined
  readonly sort: (typeof SORTS)[number]
  readonly isDescending: boolean
  readonly cursor: string | null
  readonly limit: number
}

/** A page of an answer. */
export interface QueryResult {
  readonly names: readonly string[]
  readonly total: number
  readonly cursor: string | null
}

type Test = (row: CatalogueRow) => boolean

/** Answers queries from the catalogue; keeps the last answer, because its next page is the most frequent query. */
export class ScheduleSearch {
  readonly #catalogue: Catalogue
  /** The rows of the last search in one version of the index: its next page needs no other search. */
  #kept: { readonly key: string; readonly version: number; readonly rows: readonly CatalogueRow[] } | null = null

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
  }

  /** The page of a query. A page begins after the last row of the previous page, wherever that row is now. */
  find(query: ScheduleQuery): QueryResult {
    const rows = this.#ordered(query)
    const start = query.cursor === null ? 0 : placeAfter(rows, query)
    const page = rows.slice(start, start + query.limit)
    const last = page.at(-1)
    const hasMore = start + page.length < rows.length
    return {
      names: page.map(({ name }) => name),
      total: rows.length,
      cursor: hasMore && last ? writeCursor(sortValue(last, query), last.name) : null,
    }
  }

  #ordered(query: ScheduleQuery): readonly CatalogueRow[] {
    const { cursor: _cursor, limit: _limit, ...rest } = query
    const key = JSON.stringify(rest)
    const { version } = this.#catalogue
    if (this.#kept?.key === key && this.#kept.version === version) return this.#kept.rows
    const accepts = createTest(query)
    const rows = [...this.#catalogue.rows.values()].filter(accepts)
    rows.sort((left, right) => compareRows(left, right, query))
    this.#kept = { key, version, rows }
    return rows
  }
}

/** Makes the test of a query. */
function createTest({
  q,
  state,
  task,
  tag,
  owner,
}: Pick<ScheduleQuery, 'q' | 'state' | 'task' | 'tag' | 'owner'>): Test {
  const tests: Test[] = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(createWordTest)
  if (state === 'failing') tests.push((row) => row.failures > 0)
  else if (state !== null) tests.push((row) => row.state === state)
  if (task !== undefined) tests.push((row) => row.task === task)
  if (tag !== undefined) tests.push((row) => row.tags.includes(tag))
  if (owner !== undefined) tests.push((row) => row.owner === owner)
  return (row) => tests.every((test) => test(row))
}

function createWordTest(word: string): Test {
  const has = (text: string | null, part: string) => text !== null && text.toLowerCase().includes(part)
  const [, place, part = ''] = /^(tag|task|owner|pool):(.*)$/.exec(word) ?? []
  switch (place) {
    case 'tag':
      return (row) => row.tags.some((tag) => has(tag, part))
    case 'task':
      return (row) => has(row.task, part)
    case 'owner':
      return (row) => has(row.owner, part)
    case 'pool':
      return (row) => has(row.pool, part)
    default:
      return (row) => row.text.includes(word)
  }
}

type Order = Pick<ScheduleQuery, 'sort' | 'isDescending'>

function sortValue(row: CatalogueRow, { sort }: Order): number | null {
  if (sort === 'next') return row.nextMs
  if (sort === 'last') return row.lastMs
  return sort === 'failures' ? row.failures : 0
}

function compareRows(left: CatalogueRow, right: CatalogueRow, order: Order): number {
  return compareKeys([sortValue(left, order), left.name], [sortValue(right, order), right.name], order)
}

/** A row without a value comes last, in either direction. */
function compareKeys(left: Key, right: Key, { sort, isDescending }: Order): number {
  const sign = isDescending ? -1 : 1
  // The latest comes first, as in the engine's own list.
  const valueSign = sort === 'last' ? -sign : sign
  if (left[0] !== right[0]) {
    if (left[0] === null) return 1
    if (right[0] === null) return -1
    return valueSign * (left[0] - right[0])
  }
  return sign * (left[1] < right[1] ? -1 : left[1] > right[1] ? 1 : 0)
}

type Key = readonly [value: number | null, name: string]

function placeAfter(rows: readonly CatalogueRow[], query: ScheduleQuery): number {
  const key = readCursor(query.cursor!)
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const row = rows[middle]!
    if (compareKeys([sortValue(row, query), row.name], key, query) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

function writeCursor(value: number | null, name: string): string {
  return Buffer.from(JSON.stringify([value, name])).toString('base64url')
}

function readCursor(cursor: string): Key {
  try {
    const [value, name] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [unknown, unknown]
    if ((value === null || typeof value === 'number') && typeof name === 'string') return [value, name]
  } catch {
    // A smaller number is refused like any other value.
  }
  throw badRequest('cursor', cursor, 'the cursor of the previous page')
}
