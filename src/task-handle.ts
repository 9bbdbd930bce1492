import type { PutResult } from './control/edit-results.js'
import type { StandardSchema, TaskOptions } from './options/task-options.js'
import type { FreeTaskName, PayloadArguments, TaskDefinition, TaskName } from './schedule/exact-definition.js'
import type { Jsonify } from './schedule/jsonify.js'
import type { Handler } from './worker/run/task.js'

/** A registered task: schedules and runs it with payloads that its handler understands. */
export interface TaskHandle<Payload = unknown> {
  /** The name that the task was registered by. */
  readonly name: string
  /**
   * Declares a schedule of this task: what the declaration changed since the last one is changed, what was edited live
   * stays. It comes back by itself after a flush of Redis.
   *
   * @throws EverybeatError for a definition that is refused; then nothing is written
   */
  schedule(name: string, definition: TaskDefinition<Payload>): Promise<PutResult>
  /**
   * Runs the task once, now, on a worker of the fleet. Resolves, with the `runId` and the name that was made for its
   * `schedule`, when the run is asked for; it does not wait for the run.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_PAYLOAD` for a payload that the schema refuses
   */
  run(...payload: PayloadArguments<Payload>): Promise<{ runId: string; schedule: string }>
}

/** What is written for a handler: what the caller names, or what the handler says that it gets. */
type Written<Payload, Arriving> = unknown extends Payload ? Arriving : Payload

/**
 * Registers the handler of a task, with the options of the task, `schema` among them, where it has some. The handler gets the payload as it arrives from JSON, or as the schema of the task
 * makes it; a payload is written as JSON, which is what the schema reads. Where the tasks of the fleet are listed, only
 * these can be registered.
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
