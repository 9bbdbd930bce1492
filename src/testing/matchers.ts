import type { RunRecord } from './fleet/run-records.js'
import type { TestFleet } from './fleet/test-fleet.js'

/** What a matcher says. */
export interface MatcherResult {
  /** Whether the expectation holds. */
  readonly pass: boolean
  /** Text for people: of what it failed, or with `not` would fail. */
  readonly message: () => string
}

/** What the matchers add to `expect`. */
export interface FleetMatchers<Result = void> {
  /** Of a fleet or of runs: the schedule ran, so many times, or at least once. */
  toHaveRun(name: string, times?: number): Result
  /** Of a fleet or of runs: the schedule ran at exactly these instants, in order. */
  toHaveRunAt(name: string, instants: Date | number | string | readonly (Date | number | string)[]): Result
  /** Of a schedule, a run or an occurrence: it is for this instant. */
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

/** What a matcher about runs takes: a fleet, or runs that it gave. */
type Runs = Pick<TestFleet, 'runs'> | readonly RunRecord[]

type Given = Date | number | string

/** The matchers, as `expect.extend` of Vitest and Jest takes them. */
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
