import type { RunRecord } from './fleet/run-records.js'
import type { TestFleet } from './fleet/test-fleet.js'

/** Whether an expectation holds, and the message of a failure. */
export interface MatcherResult {
  /** Whether the expectation holds. */
  readonly pass: boolean
  /** The message of a failure, also of one with `not`. */
  readonly message: () => string
}

/** The matchers on `expect`. */
export interface FleetMatchers<Result = void> {
  /** Expects of a fleet or of runs that the schedule ran `times` times, or at least once. */
  toHaveRun(name: string, times?: number): Result
  /** Expects of a fleet or of runs that the schedule ran at exactly these instants, in order. */
  toHaveRunAt(name: string, instants: Date | number | string | readonly (Date | number | string)[]): Result
  /** Expects of a schedule, a run or an occurrence that its instant is this one. */
  toBeScheduledFor(instant: Date | number | string): Result
}

// The types of Vitest extend these, too.
declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- where the types of Jest look for matchers
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- extends what Jest declares
    interface Matchers<R, T = {}> extends FleetMatchers<R> {}
  }
}

/** The subject of a matcher about runs: a fleet, or runs of one. */
type Runs = Pick<TestFleet, 'runs'> | readonly RunRecord[]

type Given = Date | number | string

/** The matchers, in the form that `expect.extend` of Vitest and Jest takes. */
export const FLEET_MATCHERS = {
  toHaveRun(received: Runs, name: string, times?: number): MatcherResult {
    const runs = runsOf(received, name)
    const pass = times === undefined ? runs.length > 0 : runs.length === times
    const wanted = times === undefined ? '' : ` ${times} times`
    return {
      pass,
      message: () =>
        `expected ${JSON.stringify(name)} ${pass ? 'not ' : ''}to have run${wanted}; it ran ${runs.length} times${listStarts(runs)}`,
    }
  },

  toHaveRunAt(received: Runs, name: string, instants: Given | readonly Given[]): MatcherResult {
    const runs = runsOf(received, name)
    const wanted = (Array.isArray(instants) ? (instants as readonly Given[]) : [instants as Given]).map(toIso)
    const pass = JSON.stringify(runs.map(({ startedAt }) => toIso(startedAt))) === JSON.stringify(wanted)
    return {
      pass,
      message: () =>
        `expected ${JSON.stringify(name)} ${pass ? 'not ' : ''}to have run at ${wanted.join(', ')}; it ran ${runs.length} times${listStarts(runs)}`,
    }
  },

  toBeScheduledFor(received: unknown, instant: Given): MatcherResult {
    const found = instantOf(received)
    const pass = found !== null && toIso(found) === toIso(instant)
    const shown = found === null ? 'for nothing' : `for ${toIso(found)}`
    return {
      pass,
      message: () => `expected it ${pass ? 'not ' : ''}to be scheduled for ${toIso(instant)}; it is ${shown}`,
    }
  },
}

function runsOf(received: Runs, name: string): readonly RunRecord[] {
  const runs = 'runs' in received ? received.runs() : received
  return runs.filter(({ schedule }) => schedule === name)
}

/** `next` of a schedule, `scheduledAt` of a run, `at` of an occurrence of a preview. */
function instantOf(received: unknown): Given | null {
  const { next, scheduledAt, at } = (received ?? {}) as { next?: Given; scheduledAt?: Given; at?: Given }
  return scheduledAt ?? next ?? at ?? null
}

function toIso(instant: Given): string {
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? String(instant) : date.toISOString()
}

function listStarts(runs: readonly RunRecord[]): string {
  if (runs.length === 0) return ''
  const shown = runs.slice(0, 10).map(({ startedAt }) => startedAt.toISOString())
  return `: ${shown.join(', ')}${runs.length > shown.length ? ', …' : ''}`
}
