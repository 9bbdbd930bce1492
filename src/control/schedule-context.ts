import type { Emit } from '../events/events.js'
import type { DefinitionInput } from '../schedule/definition.js'
import type { Editor } from '../schedule/stored-change.js'
import type { ScheduleListener, ScheduleWatch } from './listeners.js'
import type { ScheduleStore } from './store.js'

/** What {@link ScheduleQueries} and {@link Schedules} need of their instance. */
export interface ScheduleContext {
  readonly defaults: Partial<DefinitionInput>
  /** Who edits, and from where. */
  readonly editor: Editor
  /** Version of the code that declares; empty for none. */
  readonly version: string
  readonly emit: Emit
  /** The store, once Redis is reachable. */
  store(): Promise<ScheduleStore>
  /** Subscribes to the edits of schedules. */
  watch(listener: ScheduleListener): Promise<ScheduleWatch>
  /** Checks a payload against the schema of its task, where this instance knows the task. */
  checkPayload(task: string, payload: unknown): Promise<void>
}
