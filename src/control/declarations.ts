import { toErrorData, type Emit } from '../events/events.js'
import type { Definition, DefinitionInput } from '../schedule/definition.js'
import { parseDefinition } from '../schedule/parse-definition.js'
import { checkDefinition, type CallSite } from './check-definition.js'
import { declareSchedule, type DeclareResult } from './declare.js'
import type { ScheduleContext } from './schedule-context.js'
import type { Schedules } from './schedules.js'
import type { NamedDefinition } from './sync-input.js'
import { syncSchedules, type SyncOptions, type SyncResult } from './sync.js'

/**
 * The declarations of one process. They are applied, and kept in memory so that they can be applied again when Redis
 * has lost them.
 */
export class Declarations {
  readonly #context: ScheduleContext
  readonly #schedules: Schedules
  readonly #emit: Emit
  /** The schedules that were declared alone, by name. */
  readonly #single = new Map<string, DefinitionInput>()
  /** The last sync of each owner. */
  readonly #syncs = new Map<string, { definitions: readonly NamedDefinition[]; options: SyncOptions }>()
  /** Settles when the last requested restoration ends. */
  #restoring: Promise<void> = Promise.resolve()
  /** Whether a lost declaration could not be restored yet. */
  #isUnfinished = false

  constructor(context: ScheduleContext, schedules: Schedules) {
    this.#context = context
    this.#schedules = schedules
    this.#emit = context.emit
  }

  /**
   * Declares one schedule. An unchanged declaration writes nothing, also after live edits; a changed declaration writes
   * the fields that it changed.
   *
   * @throws EverybeatError for a refused definition
   */
  async declare(name: string, input: DefinitionInput, site: CallSite = {}): Promise<Omit<DeclareResult, 'conflicts'>> {
    const definition = await checkDefinition(this.#context, name, input, site)
    const { conflicts, ...result } = await this.#apply(definition, false)
    if (conflicts.length > 0) this.#emit('schedule:overwritten', { schedule: name, fields: conflicts })
    this.#single.set(name, input)
    return result
  }

  /** Declares all schedules of an owner. @throws EverybeatError for a refused option or definition */
  async sync(definitions: readonly NamedDefinition[], options: SyncOptions, site: CallSite = {}): Promise<SyncResult> {
    const steps = { resume: (name: string) => this.#schedules.resume(name), site }
    const result = await syncSchedules(this.#context, definitions, options, steps)
    if (result.outcome === 'applied') {
      const ours = definitions.filter(({ name }) => !result.conflicts.includes(name))
      this.#syncs.set(options.owner, { definitions: ours, options })
    }
    return result
  }

  /**
   * Declares the schedules again that do not exist any more. Existing schedules stay as they are, but a higher version
   * of a sync replaces a lower one. A schedule without a future instant is not restored, because no record says whether
   * it ran. Never rejects; {@link restoreRest} tries again what failed.
   */
  async restore(): Promise<void> {
    // A worker notices a flush in several ways at once. The restorations run one after the other, so that the later
    // ones find the schedules of the earlier ones.
    this.#restoring = this.#restoring.then(async () => {
      const isFirstTry = !this.#isUnfinished
      this.#isUnfinished = false
      await this.#guard('schedules', isFirstTry, () => this.#restoreAll(isFirstTry))
    })
    await this.#restoring
  }

  /**
   * Tries again what {@link restore} could not do, for example because Redis was lost again. Called at each answer of
   * Redis.
   */
  restoreRest(): void {
    if (this.#isUnfinished) void this.restore()
  }

  async #apply(definition: Definition, onlyMissing: boolean): Promise<DeclareResult> {
    const { editor, version } = this.#context
    const declarer = { editor: { by: editor.by, via: 'declaration' }, version, onlyMissing } as const
    return await declareSchedule(await this.#context.store(), definition, declarer)
  }

  async #restoreAll(isFirstTry: boolean): Promise<void> {
    const nowMs = await (await this.#context.store()).now()
    for (const [name, input] of this.#single) {
      await this.#guard(name, isFirstTry, async () => {
        const definition = parseDefinition(name, input, this.#context.defaults)
        if (isAhead(definition, nowMs)) await this.#apply(definition, true)
      })
    }
    for (const [owner, { definitions, options }] of this.#syncs) {
      await this.#guard(`the schedules of ${owner}`, isFirstTry, async () => {
        const wanted = definitions.filter(({ name, ...input }) =>
          isAhead(parseDefinition(name, input, this.#context.defaults), nowMs),
        )
        const onlyMissing = options.version === undefined && this.#context.version === ''
        const steps = { resume: (name: string) => this.#schedules.resume(name), onlyMissing }
        await syncSchedules(this.#context, wanted, { ...options, prune: 'report', dryRun: false }, steps)
      })
    }
  }

  async #guard(what: string, isFirstTry: boolean, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#isUnfinished = true
      // A restoration is tried with every heartbeat, but its failure is reported once.
      if (!isFirstTry) return
      this.#emit('error', { ...toErrorData(error), context: `declaring ${what} again` })
    }
  }
}

/** Whether the definition still has a future occurrence. */
function isAhead({ trigger }: Definition, nowMs: number): boolean {
  return trigger.kind !== 'at' || trigger.next(nowMs) !== null
}
