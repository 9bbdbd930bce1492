import type { PutResult } from './control/edit-results.js'
import type { StandardSchema, TaskOptions } from './options/task-options.js'
import type { FreeTaskName, PayloadArguments, TaskDefinition, TaskName } from './schedule/exact-definition.js'
import type { Jsonify } from './schedule/jsonify.js'
import type { Handler } from './worker/run/task.js'

/** A registered task: declares schedules of it and runs it, with payloads of the type that its handler gets. */
export interface TaskHandle<Payload = unknown> {
  /** The name that the task was registered by. */
  readonly name: string
  /**
   * Declares a schedule of this task. Fields that differ from the last declaration are written; live edits of the other
   * fields stay. After a flush of Redis the schedule is declared again by itself.
   *
   * @throws EverybeatError for a definition that is refused; then nothing is written
   */
  schedule(name: string, definition: TaskDefinition<Payload>): Promise<PutResult>
  /**
   * Runs the task once, now, on a worker of the fleet. Resolves when Redis has stored the request, with the `runId` and
   * the generated name of its `schedule`; it does not wait for the run.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_PAYLOAD` for a payload that the schema refuses
   */
  run(...payload: PayloadArguments<Payload>): Promise<{ runId: string; schedule: string }>
}

/**
 * The type of a payload that is written for a handler: the one that the caller names, or else the one that the handler
 * gets.
 */
type Written<Payload, Arriving> = unknown extends Payload ? Arriving : Payload

/**
 * Registers the handler of a task, optionally with the options of the task, such as `schema`. A payload is stored as
 * JSON. The handler gets the parsed JSON, or the output of the schema for it. If the type parameter of the instance
 * lists tasks, only these can be registered.
 */
export interface RegisterTask<Tasks extends object> {
  <Name extends TaskName<Tasks>>(name: Name, handler: Handler<Jsonify<Tasks[Name]>>): TaskHandle<Tasks[Name]>
  <Name extends TaskName<Tasks>, Output>(
    name: Name,
    options: TaskOptions<Jsonify<Tasks[Name]>, Output> & { schema: StandardSchema<Jsonify<Tasks[Name]>, Output> },
    handler: Handler<Output>,
  ): TaskHandle<Tasks[Name]>
  <Name extends TaskName<Tasks>>(
    name: Name,
    options: TaskOptions,
    handler: Handler<Jsonify<Tasks[Name]>>,
  ): TaskHandle<Tasks[Name]>
  <Payload = unknown, Arriving = Jsonify<Payload>>(
    name: FreeTaskName<Tasks>,
    handler: Handler<Arriving>,
  ): TaskHandle<Written<Payload, Arriving>>
  <Input, Output>(
    name: FreeTaskName<Tasks>,
    options: TaskOptions<Input, Output> & { schema: StandardSchema<Input, Output> },
    handler: Handler<Output>,
  ): TaskHandle<Jsonify<Input>>
  <Payload = unknown, Arriving = Jsonify<Payload>>(
    name: FreeTaskName<Tasks>,
    options: TaskOptions,
    handler: Handler<Arriving>,
  ): TaskHandle<Written<Payload, Arriving>>
}
