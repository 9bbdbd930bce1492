import { EverybeatError } from '../../errors.js'
import type { TimeSource } from '../../time-source.js'
import { abortAfter, type Ending } from './call-handler.js'
import type { ActiveRun } from './active-run.js'
import type { Task } from './task.js'

/** The payload that a run gets, checked against the schema of its task. @throws EverybeatError when it does not fit */
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

/** A payload that a handler may get, and how much of the run's timeout its check took, ms; or how the run ended there. */
export type Preparation = { readonly payload: unknown; readonly spentMs: number } | Ending

/** A payload to check for a run. */
export interface PreparationInput {
  readonly task: Task
  readonly payload: unknown
  readonly active: ActiveRun
  readonly timeoutMs: number | null
  readonly time: TimeSource
}

/**
 * Checks the payload of a run within its timeout: a schema that never settles holds the run no longer than that, nor
 * beyond the moment its signal aborts. Never rejects.
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
