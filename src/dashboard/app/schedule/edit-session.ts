import { signal } from '@preact/signals'
import { ApiError, schedulePath, write } from '../api.js'
import type { Definition, Schedule } from '../model.js'
import { diffOf } from './definition-diff.js'

/** One edit of a definition: its begin, the draft, and the result of saving it. */
export class EditSession {
  /** The schedule; null for a new one, which gets a name in the form. */
  readonly name: string | null
  /** The definition that the edit is compared with. */
  readonly before
  readonly draft
  readonly newName
  /** The error because of which the draft cannot be saved. */
  readonly refusal = signal<ApiError | null>(null)
  /** The answer when another user or program has saved an edit first. */
  readonly conflict = signal<ApiError | null>(null)
  readonly isBusy = signal(false)
  /** The revision that the draft was made from; undefined for a new schedule. */
  #revision: number | undefined

  constructor(schedule: Schedule | null) {
    this.name = schedule?.name ?? null
    this.before = signal<Definition>(schedule?.given ?? rawDefinition(schedule))
    this.draft = signal<Definition>(this.before.value)
    this.newName = signal(this.name ?? '')
    this.#revision = schedule?.revision
  }

  /** The name of the schedule that is saved. */
  get target(): string {
    return this.name ?? this.newName.value
  }

  get diff(): Record<string, [unknown, unknown]> {
    return diffOf(this.before.value, this.draft.value)
  }

  get canSave(): boolean {
    const isUnchanged = this.name !== null && Object.keys(this.diff).length === 0
    return !this.isBusy.value && !isUnchanged && this.refusal.value === null && this.target !== ''
  }

  /** Saves the draft; false when it was refused, or another edit was faster. */
  async save(): Promise<boolean> {
    this.isBusy.value = true
    try {
      await write('PUT', schedulePath(this.target), this.draft.value, this.#revision)
      return true
    } catch (error) {
      if (error instanceof ApiError && (error.status === 412 || error.status === 428)) this.conflict.value = error
      else this.refusal.value = error as ApiError
      return false
    } finally {
      this.isBusy.value = false
    }
  }

  /** Continues from the edit that another user saved: with that edit as the draft, or with the own draft against it. */
  settle(theirs: Definition, revision: number, takesTheirs: boolean): void {
    this.before.value = theirs
    if (takesTheirs) this.draft.value = theirs
    this.#revision = revision
    this.conflict.value = null
  }
}

/** The fields of a view that are not fields of its definition. */
const VIEW_FIELDS = ['name', 'revision', 'state', 'next', 'last', 'words', 'error', 'failures', 'declared', 'paused']

/** The raw fields of a definition that cannot be used. */
function rawDefinition(schedule: Schedule | null): Definition {
  if (!schedule) return { cron: '0 9 * * *' }
  return Object.fromEntries(Object.entries(schedule).filter(([field]) => !VIEW_FIELDS.includes(field)))
}
