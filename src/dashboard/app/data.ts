import { signal, useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, read } from './api.js'

/** The answer of the API that a page shows: the last answer stays until the next one arrives. */
export interface Loaded<Answer> {
  readonly data: Signal<Answer | null>
  readonly error: Signal<ApiError | null>
  readonly isLoading: Signal<boolean>
  /** Number of answers so far: `data` also changes when events are written into it. */
  readonly answers: Signal<number>
  /** Reads again. */
  reload(): void
}

/** Reads a path of the API, and again when it changes or `everyMs` have passed; stops with the page. */
export function useApi<Answer>(path: string | null, everyMs = 0): Loaded<Answer> {
  const data = useSignal<Answer | null>(null)
  const error = useSignal<ApiError | null>(null)
  const isLoading = useSignal(path !== null)
  const answers = useSignal(0)
  const round = useSignal(0)
  useEffect(() => {
    if (path === null) return
    const abort = new AbortController()
    isLoading.value = true
    read<Answer>(path, abort.signal)
      .then((answer) => {
        if (abort.signal.aborted) return
        data.value = answer
        answers.value += 1
        error.value = null
      })
      .catch((cause: unknown) => {
        if (!abort.signal.aborted)
          error.value = cause instanceof ApiError ? cause : new ApiError(0, { detail: String(cause) })
      })
      .finally(() => {
        if (!abort.signal.aborted) isLoading.value = false
      })
    return () => abort.abort()
  }, [path, round.value])
  useEffect(() => {
    if (everyMs === 0) return
    const timer = setInterval(() => {
      if (!document.hidden && !isLoading.value) round.value += 1
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return { data, error, isLoading, answers, reload: () => void (round.value += 1) }
}

/** Time after which an incomplete answer is requested again, ms. */
const PARTIAL_MS = 1_500

/** Requests an answer again while the server has not read or counted all schedules. */
export function useReloadUntilComplete(
  data: Signal<{ readonly complete: boolean; readonly counted?: boolean } | null>,
  reload: () => void,
): void {
  const answer = data.value
  useEffect(() => {
    if (answer === null || (answer.complete && answer.counted !== false)) return
    const timer = setTimeout(reload, PARTIAL_MS)
    return () => clearTimeout(timer)
  }, [answer])
}

/** The instant now, second by second, by the clock of the server. */
export const now = signal(Date.now())
let offsetMs = 0
setInterval(() => {
  if (!document.hidden) now.value = Date.now() + offsetMs
}, 1_000)

/** Sets the clock of the page to that of the server. */
export function setServerTime(at: string): void {
  const difference = Date.parse(at) - Date.now()
  // A smaller difference is the duration of the answer.
  offsetMs = Math.abs(difference) > 2_000 ? difference : 0
}
