import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, write } from '../api.js'
import type { Definition, NextInstant } from '../model.js'

/** The description of a definition. */
export interface Preview {
  readonly words: string
  readonly next: readonly NextInstant[]
}

const TYPING_MS = 200
const COUNT = 10

/** The description of a definition before an edit, and of the draft; `refusal` has the error of a refused draft. */
export function usePreviews(
  name: string,
  before: Definition | null,
  draft: Definition,
  refusal: Signal<ApiError | null>,
): { earlier: Preview | null; later: Preview | null } {
  const earlier = useSignal<Preview | null>(null)
  const later = useSignal<Preview | null>(null)
  useEffect(() => {
    if (before === null) return
    read(name, before).then(
      (answer) => (earlier.value = answer),
      () => (earlier.value = null),
    )
  }, [JSON.stringify(before)])
  useEffect(() => {
    const timer = setTimeout(() => {
      read(name, draft)
        .then((answer) => {
          later.value = answer
          refusal.value = null
        })
        .catch((error: unknown) => {
          if (error instanceof ApiError) refusal.value = error
        })
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [JSON.stringify(draft), name])
  return { earlier: earlier.value, later: later.value }
}

function read(name: string, definition: Definition): Promise<Preview> {
  return write<Preview>('POST', 'preview', { definition, name, count: COUNT })
}
