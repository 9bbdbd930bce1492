import { EverybeatError } from '../../errors.js'
import { resolveTaskOptions, type TaskOptions } from '../../options/task-options.js'
import { DEFAULT_BACKOFF } from '../../schedule/backoff.js'
import { checkName } from '../../schedule/name.js'
import type { Handler, Task } from './task.js'

/**
 * Makes a task of what its registration gives.
 *
 * @param shards how many shards the fleet has: `maxConcurrent` is dealt out to them
 * @throws EverybeatError `ERR_EVERYBEAT_NAME` or `ERR_EVERYBEAT_OPTIONS`
 */
export function createTask(name: string, input: TaskOptions, handler: Handler | undefined, shards: number): Task {
  checkName('task', name)
  const options = resolveTaskOptions(input, shards)
  if (typeof handler !== 'function') {
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', `handler: task ${JSON.stringify(name)} needs a function`, {
      field: 'handler',
      value: handler,
    })
  }
  return { ...options, name, handler, retries: options.retries ?? 0, backoff: options.backoff ?? DEFAULT_BACKOFF }
}
