import type { PlanChange } from '../../schedule/stored-schedule.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** Stores a decision about a schedule, unless the facts on which it is based have changed. */
export async function storePlan(
  client: RedisClient,
  keys: Keys,
  change: PlanChange,
  editor?: { readonly by: string; readonly via: string },
): Promise<'stored' | 'moved'> {
  const { schedule } = change
  const [outcome] = await runScript(client, 'store-plan', {
    keys: { due: keys.due, names: keys.names },
    args: {
      tag: keys.tag,
      channel: keys.wake,
      name: schedule.name,
      digest: schedule.digest,
      previous_digest: schedule.state.digest ?? '',
      previous_plan: schedule.state.plan ?? '',
      previous_last: schedule.state.last ?? '',
      trigger: change.trigger,
      plan: change.plan,
      period: optional(change.periodMs),
      grace: optional(change.graceMs),
      removal: optional(change.removalMs),
      error_text: change.error ?? '',
      seen: change.seen,
      last: optional(change.last),
      previous_pause: schedule.state.paused ?? '',
      resume: change.resume ? 1 : 0,
      by: editor?.by ?? '',
      via: editor?.via ?? '',
    },
    rest: change.skipped.flatMap(({ atMs, reason, count, toMs }) => [atMs, reason, count, count > 1 ? toMs : '']),
  })
  return outcome
}

function optional(value: number | null): number | '' {
  return value ?? ''
}
