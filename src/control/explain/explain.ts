import { EverybeatError } from '../../errors.js'
import type { Definition } from '../../schedule/definition.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import { formatDuration } from '../../time/duration.js'
import { explainEntry } from './explain-words.js'
import { explainWaits, type ExplanationReason, type Waits } from './explain-waits.js'
import { readFleet } from '../fleet.js'
import { parsePlan } from '../../schedule/plan-text.js'
import { toHistoryEntry, type HistoryEntry, type HistoryOutcome } from '../history.js'
import type { ScheduleStore } from '../store.js'
import { decodeStored, viewSchedule, type ScheduleState, type ScheduleView } from '../schedule-view.js'

/** Why a schedule runs when it does, or does not run. */
export interface Explanation {
  /** Name of the schedule that was asked about. */
  name: string
  /** `missing`: no schedule has this name. */
  state: ScheduleState | 'missing'
  /** All of the following fields as sentences, one a line. */
  text: string
  /** The next instant, `at`, and `why`: the rule that gives it; null when none is planned. */
  next: { at: Date; why: string } | null
  /**
   * The newest entry of the history: its instant `at`, its `outcome`, its `reason`, and `why`: the reason as a
   * sentence; null for none.
   */
  last: { at: Date; outcome: HistoryOutcome; reason?: string; why: string } | null
  /** The facts that keep the schedule from running, and recent failures; empty for none. */
  reasons: ExplanationReason[]
  /** Actions that would make the schedule run, or run better. */
  advice: string[]
}

/** Entries of the history that are read. */
const HISTORY_COUNT = 20

/**
 * Explains, from the state, the history and the fleet, when a schedule runs next and why, and why its last occurrence
 * ran or did not.
 */
export async function explainSchedule(store: ScheduleStore, name: string): Promise<Explanation> {
  const { schedule, nowMs } = await store.read(name)
  if (!schedule) return missing(name)
  const task = schedule.fields.task ?? name
  const [situation, workers, entries] = await Promise.all([
    store.situation(name, task),
    readFleet(store),
    store.history(name, HISTORY_COUNT),
  ])
  const history = entries.map(toHistoryEntry)
  const decoded = decodeStored(schedule)
  const definition = decoded instanceof EverybeatError ? null : decoded
  const view = viewSchedule(schedule, nowMs)
  const waits = explainWaits({ schedule, definition, view, situation, workers, nowMs })
  const state = explainState(view, definition, schedule)
  const trouble = explainTrouble(history)
  const edits = explainEdits(view)
  return assemble({
    name,
    state: view.state,
    next: view.next === null ? null : { at: view.next, why: whyNext(schedule, definition, view, nowMs) },
    last: explainLast(history[0], definition),
    reasons: [...state.reasons, ...waits.reasons, ...trouble.reasons, ...edits.reasons],
    advice: [...new Set([...state.advice, ...waits.advice, ...trouble.advice, ...edits.advice])],
  })
}

function missing(name: string): Explanation {
  return assemble({
    name,
    state: 'missing',
    next: null,
    last: null,
    reasons: [{ code: 'missing', message: `there is no schedule ${JSON.stringify(name)} under this prefix` }],
    advice: ['check the name and the prefix, or write it with `put`'],
  })
}

function explainState(view: ScheduleView, definition: Definition | null, schedule: StoredSchedule): Waits {
  if (view.error !== undefined) {
    return {
      reasons: [{ code: 'invalid', message: `the definition cannot be used: ${view.error}` }],
      advice: ['correct the definition; a worker reads it again after each edit'],
    }
  }
  if (view.paused) {
    const { at, note, until } = view.paused
    const since = at.getTime() > 0 ? ` since ${at.toISOString()}` : ''
    const end = until === undefined ? '' : `; it resumes by itself at ${until.toISOString()}`
    return {
      reasons: [{ code: 'paused', message: `it is paused${since}${note === undefined ? '' : `: ${note}`}${end}` }],
      advice: ['resume it; it fires its next occurrence, and missed occurrences are skipped'],
    }
  }
  if (definition?.enabled === false) {
    return {
      reasons: [{ code: 'disabled', message: '`enabled` is 0 in its definition' }],
      advice: ['set `enabled` to 1, or resume it'],
    }
  }
  if (view.state === 'finished') {
    const seen = Number(schedule.state.seen ?? 0)
    const limited = definition?.limit != null && seen >= definition.limit
    const why = limited
      ? `its limit of ${definition.limit} occurrences is reached`
      : 'its trigger gives no more instants'
    return {
      reasons: [{ code: 'finished', message: `it is finished: ${why}` }],
      advice: ['edit its trigger, `end` or `limit`, or run it once with `trigger`'],
    }
  }
  return { reasons: [], advice: [] }
}

/** The live edits since code declared the schedule. */
function explainEdits({ declared }: ScheduleView): Waits {
  if (!declared || declared.differs.length === 0) return { reasons: [], advice: [] }
  const fields = declared.differs.map((field) => `\`${field}\``).join(', ')
  return {
    reasons: [{ code: 'edited', message: `it differs from what code declares, in ${fields}` }],
    advice: ['keep the edits, or go back to the declaration with `revert`'],
  }
}

/** Failures in a row and crashes, also when the schedule still fires. */
function explainTrouble(history: readonly HistoryEntry[]): Waits {
  const ran = history.filter(({ outcome }) => outcome !== 'skipped')
  const good = ran.findIndex(({ outcome }) => outcome === 'ok' || outcome === 'cancelled')
  const bad = good < 0 ? ran : ran.slice(0, good)
  if (bad.length === 0) return { reasons: [], advice: [] }
  const crashed = bad.filter(({ outcome }) => outcome === 'abandoned').length
  const what = crashed === bad.length ? 'were abandoned' : crashed === 0 ? 'failed' : 'failed or were abandoned'
  return {
    reasons: [{ code: 'failing', message: `the last ${bad.length} run${bad.length === 1 ? '' : 's'} ${what}` }],
    advice:
      crashed > 0
        ? ['look at the logs of the workers that ran it: they died, were killed, or blocked their event loop']
        : [],
  }
}

function whyNext(schedule: StoredSchedule, definition: Definition | null, view: ScheduleView, nowMs: number): string {
  const { trigger } = definition ?? {}
  const given = definition?.given
  const rule =
    trigger?.kind === 'at'
      ? 'the instant it was given'
      : `${trigger?.kind} ${String(given?.[trigger?.kind ?? 'cron'] ?? '')}`
  const zone = given?.tz === undefined ? '' : ` in ${given.tz}`
  const { delayMs = 0, isCatchUp = false, missed = 0 } = parsePlan(schedule.state.plan ?? '').instants[0] ?? {}
  const jitter = delayMs === 0 ? '' : `, and starts ${formatDuration(delayMs)} later because of jitter`
  const others = missed > 0 ? `, and makes up for ${missed} others` : ''
  const catchUp = isCatchUp ? `; it was missed and runs late${others}` : ''
  const late =
    view.next!.getTime() <= nowMs ? `; it has been due for ${formatDuration(nowMs - view.next!.getTime())}` : ''
  return `${rule}${zone}${jitter}${catchUp}${late}`
}

function explainLast(entry: HistoryEntry | undefined, definition: Definition | null): Explanation['last'] {
  if (!entry) return null
  return {
    at: entry.until ?? entry.scheduledAt,
    outcome: entry.outcome,
    ...(entry.reason === undefined ? {} : { reason: entry.reason }),
    why: explainEntry(entry, definition),
  }
}

function assemble(parts: Omit<Explanation, 'text'>): Explanation {
  const { name, state, next, last, reasons, advice } = parts
  const lines = [`${name} is ${state}.`]
  if (next) lines.push(`Next: ${next.at.toISOString()}, by ${next.why}.`)
  else if (state !== 'missing') lines.push('Next: nothing is planned.')
  if (last) lines.push(`Last: ${last.at.toISOString()}, ${last.outcome}: ${last.why}.`)
  else if (state !== 'missing') lines.push('Last: its history is empty.')
  for (const { message } of reasons) lines.push(`Because: ${message}.`)
  for (const line of advice) lines.push(`Try: ${line}.`)
  return { ...parts, text: lines.join('\n') }
}
