import { EDIT_ENTRIES } from './entries/edits.js'
import { HARM_ENTRIES } from './entries/harm.js'
import { SERVER_ENTRIES } from './entries/servers.js'
import { TIME_ENTRIES } from './entries/time.js'
import type { FieldEntry } from './entry.js'

/** The ten worst things that real use has broken once. */
export const FIELD_ENTRIES: readonly FieldEntry[] = [
  ...EDIT_ENTRIES,
  ...TIME_ENTRIES,
  ...HARM_ENTRIES,
  ...SERVER_ENTRIES,
]
