import type { DefinitionShape } from '../../index.js'

/** A schedule of the demo: its definition, and the rule of its instants, computed without the engine. */
export interface DemoSchedule {
  readonly name: string
  readonly definition: DefinitionShape
  readonly rule: DemoRule
}

/** Every multiple of `everyMs` since the Unix epoch, or one instant; epoch ms. */
export type DemoRule = { readonly everyMs: number } | { readonly atMs: number }

/** The times of the actions of the demo, ms after its first counted instant. */
export interface Timeline {
  readonly killMs: number
  readonly editMs: number
  readonly joinMs: number
  readonly endMs: number
}

/** The schedule whose worker is killed in the middle of a run. */
export const SLOW = 'slow'

/** The schedule whose starts are spread. */
export const JITTERED = { name: 'jittered', jitter: '300ms' } as const

/** The schedule that is edited by a plain Redis command, with the field and its values. */
export const EDITED = { name: 'edited', field: 'every', before: '1s', after: '500ms', afterMs: 500 } as const

const NORMAL_SECONDS = 20

/** The timeline of a demo by its length: in 20 s a kill after 5 s, an edit after 8 s, a new worker after 10 s. */
export function planTimeline(seconds: number): Timeline {
  const at = (second: number) => Math.round((second * 1000 * seconds) / NORMAL_SECONDS)
  return { killMs: at(5), editMs: at(8), joinMs: at(10), endMs: seconds * 1000 }
}

/** The schedules of the demo, for a beginning at this instant, epoch ms. */
export function planSchedules(startMs: number): DemoSchedule[] {
  // The run of a killed worker has to be run by another worker, without delaying the runs after it.
  const policies: DefinitionShape = { task: 'demo', onCrash: 'rerun', overlap: 'allow', misfire: 'all' }
  const onceAtMs = Math.floor(startMs / 1000) * 1000 + 6000
  const plan = (name: string, rule: DemoRule, trigger: DefinitionShape, workMs = 0): DemoSchedule => {
    return { name, rule, definition: { ...policies, ...trigger, payload: { workMs } } }
  }
  return [
    plan('every-1s', { everyMs: 1000 }, { every: '1s' }),
    plan('every-500ms', { everyMs: 500 }, { every: '500ms' }),
    plan('cron-1s', { everyMs: 1000 }, { cron: '* * * * * *' }),
    plan('cron-2s', { everyMs: 2000 }, { cron: '*/2 * * * * *', tz: 'Europe/Dublin' }),
    plan(JITTERED.name, { everyMs: 2000 }, { every: '2s', jitter: JITTERED.jitter }),
    plan('once', { atMs: onceAtMs }, { at: new Date(onceAtMs).toISOString() }),
    plan(EDITED.name, { everyMs: 1000 }, { [EDITED.field]: EDITED.before }),
    plan(SLOW, { everyMs: 2000 }, { every: '2s' }, 1200),
  ]
}
