import { EverybeatError, showValue } from '../errors.js'
import type { Definition } from '../schedule/definition.js'
import { parseDefinition } from '../schedule/parse-definition.js'
import type { ScheduleContext } from './schedule-context.js'

/** The place where a public method was called: the stack of the caller, without the frames of this package. */
export interface CallSite {
  stack?: string
}

/**
 * Notes the place where a public method was called. @param method the method; its frame and the frames below it are
 * removed
 */
export function noteCallSite(method: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {}
  Error.captureStackTrace(site, method)
  return site
}

/**
 * Checks a definition and its payload.
 *
 * @throws EverybeatError as `parseDefinition` does, or for the payload; the error names the schedule, and its stack
 *   begins at the call site
 */
export async function checkDefinition(
  context: ScheduleContext,
  name: string,
  input: unknown,
  site: CallSite,
): Promise<Definition> {
  try {
    const definition = parseDefinition(name, input, context.defaults)
    await context.checkPayload(definition.task, definition.payload)
    return definition
  } catch (error) {
    throw error instanceof EverybeatError ? aboutSchedule(error, name, site) : error
  }
}

function aboutSchedule(error: EverybeatError, name: unknown, site: CallSite): EverybeatError {
  if (typeof name !== 'string') return error
  const { code, field, value, cause } = error
  const named = new EverybeatError(code, `${error.message} (schedule ${showValue(name)})`, {
    schedule: name,
    ...(field === undefined ? {} : { field }),
    ...('value' in error ? { value } : {}),
    ...(cause === undefined ? {} : { cause }),
  })
  const frames = (site.stack ?? '').split('\n').slice(1).join('\n')
  if (frames !== '') named.stack = `${named.name}: ${named.message}\n${frames}`
  return named
}
