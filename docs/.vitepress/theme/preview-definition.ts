import { describe } from '../../../src/time/describe.js'
import { preview, type PreviewEntry } from '../../../src/time/preview.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'

/** What the playground shows of a definition: its coming instants, or why it cannot be used. */
export type Shown = { kind: 'instants'; words: string; entries: PreviewEntry[] } | { kind: 'refused'; message: string }

/** Runs the same `preview` as the engine, in the browser. */
export function previewDefinition(trigger: 'cron' | 'every' | 'rrule', text: string, tz: string, from: string): Shown {
  const definition = { [trigger]: text, tz } as TriggerInput
  try {
    const entries = preview(definition, { from: from === '' ? new Date() : from, count: 12, name: 'playground' })
    return { kind: 'instants', words: describe(definition), entries }
  } catch (error) {
    return { kind: 'refused', message: error instanceof Error ? error.message : String(error) }
  }
}
