import type { Signal } from '@preact/signals'
import type { LiveEvent } from '../live.js'
import type { ListedSchedule, Outcome, SchedulePage, StripMark } from '../model.js'

const STRIP_COUNT = 20

/**
 * Keeps a list that a user reads up to date in place: a change within a row is shown, rows do not move. Changes that
 * would add, remove or move rows are only counted.
 */
export function followSchedules(
  { type, data: news }: LiveEvent,
  page: Signal<SchedulePage | null>,
  unseen: Signal<number>,
  reload: () => void,
): void {
  const current = page.value
  if (!current) return
  if (type === 'overview') {
    if (news['resync'] === true) reload()
    return
  }
  if (type === 'worker') return
  const name = String(type === 'run' ? news['schedule'] : news['name'])
  const index = current.schedules.findIndex((schedule) => schedule.name === name)
  if (type === 'schedule' && (index < 0 || news['kind'] === 'removed')) {
    if (news['kind'] !== 'changed') unseen.value += Number(news['count'] ?? 1)
    return
  }
  if (index < 0) return
  const before = current.schedules[index]!
  const after = type === 'run' ? withRun(before, news) : withState(before, news)
  // A row with another definition has another text, and may have another place.
  if (type === 'schedule' && news['revision'] !== before.revision) unseen.value += 1
  page.value = { ...current, schedules: current.schedules.with(index, after) }
}

function withState(schedule: ListedSchedule, news: LiveEvent['data']): ListedSchedule {
  const { state, next, last, failures } = news as Pick<ListedSchedule, 'state' | 'next' | 'last'> & { failures: number }
  return { ...schedule, state, next, last, failures }
}

function withRun(schedule: ListedSchedule, news: LiveEvent['data']): ListedSchedule {
  if (news['kind'] !== 'ended') return schedule
  const { scheduledAt, outcome, runId, reason, latenessMs, durationMs, count } = news as unknown as StripMark & {
    scheduledAt: string
    outcome: Outcome
  }
  if (schedule.strip.some((mark) => mark.runId === runId && mark.at === scheduledAt && mark.outcome === outcome))
    return schedule
  const mark = {
    at: scheduledAt,
    outcome,
    runId,
    ...(reason === undefined ? {} : { reason }),
    ...(latenessMs === undefined ? {} : { latenessMs }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(count === undefined ? {} : { count }),
  }
  return { ...schedule, strip: [...schedule.strip, mark].slice(-STRIP_COUNT) }
}
