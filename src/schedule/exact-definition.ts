import type { DefinitionInput } from './definition.js'

/** The fields that belong to a trigger. */
type TriggerField =
  | 'cron'
  | 'every'
  | 'at'
  | 'rrule'
  | 'solar'
  | 'dstGap'
  | 'dstOverlap'
  | 'dayMatch'
  | 'anchor'
  | 'spread'
  | 'lat'
  | 'lon'

/** Required fields of a trigger. */
type NamedField<Field extends TriggerField> = { [Name in Field]: Exclude<DefinitionInput[Name], undefined> }
/** Optional fields of a trigger. */
type FreeField<Field extends TriggerField> = { [Name in Field]?: DefinitionInput[Name] | undefined }
/** Fields of other triggers, which are refused. */
type ForeignField<Field extends TriggerField> = { [Name in Exclude<TriggerField, Field>]?: undefined }

/** A trigger with the fields that belong to it, and none that belongs to another. */
type TriggerOf<Named extends TriggerField, Free extends TriggerField = never> = NamedField<Named> &
  FreeField<Free> &
  ForeignField<Named | Free>

/** Exactly one trigger. */
export type ExactTrigger =
  | TriggerOf<'cron', 'dstGap' | 'dstOverlap' | 'dayMatch'>
  | TriggerOf<'every', 'anchor' | 'spread'>
  | TriggerOf<'at'>
  | TriggerOf<'rrule', 'dstGap' | 'dstOverlap'>
  | TriggerOf<'solar' | 'lat' | 'lon'>

/** The fields of every definition, whatever its trigger is; an explicit `undefined` means the default. */
type CommonFields = {
  [Field in keyof DefinitionInput as Field extends TriggerField | 'payload' ? never : Field]?:
    DefinitionInput[Field] | undefined
}

/** The `payload` is optional only if the task accepts none: the handler then gets `null`. */
type PayloadField<Payload> = IsOptional<Payload> extends true ? { payload?: Payload | undefined } : { payload: Payload }

/** Whether a payload of this type is optional. */
type IsOptional<Payload> = unknown extends Payload
  ? true
  : undefined extends Payload
    ? true
    : null extends Payload
      ? true
      : false

/** The arguments of a call with a payload; the payload is optional if the task accepts none. */
export type PayloadArguments<Payload> =
  IsOptional<Payload> extends true ? [payload?: Payload | undefined] : [payload: Payload]

/**
 * A schedule as code writes it: exactly one trigger with the fields that belong to it, the policies, and the payload that
 * the task needs.
 */
export type ExactDefinition<Payload = unknown> = ExactTrigger & CommonFields & PayloadField<Payload>

/** A definition without `task`, which its handle names. */
export type TaskDefinition<Payload = unknown> = ExactDefinition<Payload> & { task?: undefined }

/** The tasks of a fleet for which no list exists: any name, any payload. */
export type AnyTasks = Record<string, unknown>

/** The names of listed tasks; `never` where no list exists. */
export type TaskName<Tasks extends object> = string extends keyof Tasks ? never : keyof Tasks & string

/** Any text where no list of the tasks of the fleet exists; `never` where one does. */
export type FreeTaskName<Tasks extends object> = string extends keyof Tasks ? string : never

/** A definition that names one of the listed tasks as its `task`. */
type ListedDefinition<Tasks extends object> = {
  [Task in keyof Tasks & string]: ExactDefinition<Tasks[Task]> & { task: Task }
}[keyof Tasks & string]

/** A definition for one of these tasks; `task` may be missing if the schedule has the name of the task. */
export type DefinitionOf<Tasks extends object, Name extends string = string> = string extends keyof Tasks
  ? ExactDefinition
  : | ListedDefinition<Tasks>
    | (Name extends keyof Tasks ? ExactDefinition<Tasks[Name]> & { task?: Name | undefined } : never)

/** A definition for one of these tasks, with the `name` of its schedule; `task` may be missing if it equals the name. */
export type NamedDefinition<Tasks extends object> = string extends keyof Tasks
  ? ExactDefinition & { name: string }
  : | (ListedDefinition<Tasks> & { name: string })
    | {
        [Task in keyof Tasks & string]: ExactDefinition<Tasks[Task]> & { task?: Task | undefined; name: Task }
      }[keyof Tasks & string]

/** The same definition as a type with independent fields. */
export function shapeOf(definition: object): DefinitionInput {
  return definition as DefinitionInput
}

/** Casts an object of unknown form to a definition; the write checks it. */
export function unchecked(definition: object): ExactDefinition {
  return definition as ExactDefinition
}
