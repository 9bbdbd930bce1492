import { toErrorData, type Emit } from '../events/events.js'
import type { DefinitionInput } from '../schedule/definition.js'
import { unchecked } from '../schedule/exact-definition.js'
import { parseDefinition } from '../schedule/parse-definition.js'
import type { ScheduleContext, Schedules } from './schedules.js'
import { syncSchedules, type SyncOptions } from './sync.js'

type Named = DefinitionInput & { name: string }

/** What the code of this process declares, kept so that it can be put back when Redis has lost it. */
export interface Declarations {
  note(name: string, definition: DefinitionInput): void
  noteSync(definitions: readonly Named[], options: SyncOptions): void
  /**
   * Puts back what is not there any more. What somebody has written meanwhile stays, but a higher version of a sync
   * stands above a lower one. A single instant that has passed is left out: nobody knows any more whether it ran.
   * Never rejects.
   */
  restore(): Promise<void>
}

/** Creates the memory of one instance's declarations. */
export function createDeclarations(context: ScheduleContext, schedules: Schedules, emit: Emit): Declarations {
  const single = new Map<string, DefinitionInput>()
  const syncs = new Map<string, { definitions: readonly Named[]; options: SyncOptions }>()
  let restoring: Promise<void> = Promise.resolve()

  async function guard(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      emit('error', { ...toErrorData(error), context: `declaring ${what} again` })
    }
  }

  /** Whether the definition still has an occurrence ahead. */
  function isAhead(name: string, definition: DefinitionInput, nowMs: number): boolean {
    if (definition.at === undefined) return true
    return parseDefinition(name, definition, context.defaults).trigger.next(nowMs) !== null
  }

  async function restoreAll(): Promise<void> {
    const nowMs = await (await context.store()).now()
    for (const [name, definition] of single) {
      await guard(name, async () => {
        // Revision 0 is a schedule that is not there.
        if (isAhead(name, definition, nowMs)) await schedules.put(name, unchecked(definition), { ifRevision: 0 })
      })
    }
    for (const [owner, { definitions, options }] of syncs) {
      await guard(`the schedules of ${owner}`, async () => {
        const wanted = definitions.filter(({ name, ...definition }) => isAhead(name, definition, nowMs))
        const onlyMissing = options.version === undefined
        const steps = { resume: (name: string) => schedules.resume(name), onlyMissing }
        await syncSchedules(context, wanted, { ...options, prune: 'report', dryRun: false }, steps)
      })
    }
  }

  return {
    note: (name, definition) => void single.set(name, definition),
    noteSync: (definitions, options) => void syncs.set(options.owner, { definitions, options }),
    async restore() {
      // A flush is noticed on several ways at once: one after the other they find less and less to do.
      restoring = restoring.then(() => guard('schedules', restoreAll))
      await restoring
    },
  }
}
