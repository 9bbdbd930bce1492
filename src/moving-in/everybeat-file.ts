import { readDefinitions } from '../definition-files/index.js'
import type { ConvertOptions, Draft } from './entry.js'

/** The definitions of a file of our own: nothing to convert. */
export function convertEverybeat(text: string, options: ConvertOptions): Draft[] {
  return readDefinitions(text, options.file ?? 'schedules').map(({ name, definition, source }) => ({
    name,
    source,
    definition,
    notes: [],
    switchOff: '',
  }))
}
