import { EverybeatError } from '../../errors.js'
import type { TimeSource } from '../../time-source.js'
import { abortAfter, type Ending } from './call-handler.js'
import type { ActiveRun } from './active-run.js'
import type { Task } from './task.js'

/** The output of the task's schema for a payload. @throws EverybeatError when the payload does not fit */
export async function preparePayload(task: Task, payload: unknown): Promise<unknown> {
  if (!task.schema) return payload
  const result = await task.schema['~standard'].validate(payload)
  if (!result.issues) return result.value
  const problems = result.issues.map(({ message, path }) => {
    const where = path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return where ? `${where}: ${message}` : message
  })
  const message = `the payload does not fit the schema of task ${JSON.stringify(task.name)}: ${problems.join('; ')}`
  throw new EverybeatError('ERR_EVERYBEAT_PAYLOAD', message, { field: 'payload', value: payload })
}

/** A checked payload, and the part of the timeout that its check took, ms; or the ending of the run. */
export type Preparation = { readonly payload: unknown; readonly spentMs: number } | Ending

/** A payload to check, and its run. */
export interface PreparationInput {
  readonly task: Task
  readonly payload: unknown
  readonly active: ActiveRun
  readonly timeoutMs: number | null
  readonly time: TimeSource
}

/**
 * Checks the payload of a run. The timeout and the abort of the run's signal end the check, also of a schema that never
 * settles. Never rejects.
 */
export async function prepareRun({ task, payload, active, timeoutMs, time }: PreparationInput): Promise<Preparation> {
  const begunAt = time.monotonic()
  const timer = timeoutMs === null ? null : abortAfter(active, timeoutMs, 0, time)
  const aborted = new Promise<Ending>((resolve) => active.onAbort(() => resolve(endingOfAbort(active))))
  const prepared = preparePayload(task, payload).then(
    (checked): Preparation => ({ payload: checked, spentMs: time.monotonic() - begunAt }),
    (error: unknown): Ending => ({ kind: 'invalid-payload', error }),
  )
  try {
    return await Promise.race([prepared, aborted])
  } finally {
    if (timer) time.clearTimeout(timer)
  }
}

function endingOfAbort({ aborted }: ActiveRun): Ending {
  if (aborted?.kind === 'timeout') return { kind: 'aborted', abort: aborted.kind, error: aborted.error }
  return { kind: 'not-started', abort: aborted?.kind ?? null, isUnconfirmed: false }
}
