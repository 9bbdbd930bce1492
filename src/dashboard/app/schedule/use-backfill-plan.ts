import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type ApiError, schedulePath, write } from '../api.js'

/** The occurrences that a backfill would run. */
export interface BackfillPlan {
  readonly count: number
  readonly instants: readonly string[]
}

/** The requested range of a backfill. */
export interface BackfillRange {
  readonly from: string
  readonly to: string
  readonly maxPerSecond?: number
}

const TYPING_MS = 250

/** Reads, a moment after the last key, the occurrences that a range would run; starts no run. */
export function useBackfillPlan(
  name: string,
  range: BackfillRange,
): { plan: Signal<BackfillPlan | null>; problem: Signal<string | null> } {
  const plan = useSignal<BackfillPlan | null>(null)
  const problem = useSignal<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => {
      write<BackfillPlan>('POST', schedulePath(name, 'backfill'), { ...range, dryRun: true })
        .then((answer) => {
          plan.value = answer
          problem.value = null
        })
        .catch((error: unknown) => {
          plan.value = null
          problem.value = (error as ApiError).message
        })
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [JSON.stringify(range)])
  return { plan, problem }
}
