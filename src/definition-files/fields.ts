import type { DefinitionShape } from '../index.js'

/** How the value of a field is written in a file and on a command line. */
export type FieldKind = 'text' | 'choice' | 'number' | 'boolean' | 'duration' | 'instant' | 'list' | 'json'

/** The description of a field of a definition for people. */
export interface DefinitionField {
  /** How its value is written. */
  readonly kind: FieldKind
  /** The effect of the field, in a few words. */
  readonly help: string
  /** The values that `choice` allows. */
  readonly choices?: readonly string[]
  /** The name of the command line option where it is not the field's own. */
  readonly option?: string
}

/** Every field of a definition, in the order in which people read one. `preview` takes the ones that decide instants. */
export const DEFINITION_FIELDS: Readonly<Record<keyof DefinitionShape, DefinitionField>> = {
  task: { kind: 'text', help: 'task to run (default: the name of the schedule)' },
  cron: { kind: 'text', help: 'cron expression, 5 fields, or 6 with seconds first' },
  every: { kind: 'duration', help: 'interval: 90s, 5m, 1h30m, PT90S, or milliseconds' },
  at: { kind: 'instant', help: 'one instant, ISO 8601' },
  rrule: { kind: 'text', help: 'RFC 5545 rule with DTSTART' },
  solar: { kind: 'text', help: 'sunrise, sunset, dawn, dusk or noon, with an offset: sunset-30m' },
  tz: { kind: 'text', help: 'IANA time zone (default: UTC)' },
  dstGap: { kind: 'choice', choices: ['first-instant', 'shift', 'skip'], help: 'wall times that clocks jump over' },
  dstOverlap: { kind: 'choice', choices: ['first', 'last', 'both'], help: 'wall times that clocks pass twice' },
  dayMatch: { kind: 'choice', choices: ['or', 'and'], help: 'when both day fields are restricted' },
  anchor: { kind: 'instant', help: 'an instant from which every counts (default: the Unix epoch)' },
  spread: { kind: 'boolean', help: 'shift the phase of every by a hash of the name' },
  lat: { kind: 'number', help: 'latitude for solar' },
  lon: { kind: 'number', help: 'longitude for solar' },
  exclude: { kind: 'list', help: 'left out: dates, date ranges, weekdays or a cron; may be repeated' },
  skipNext: { kind: 'instant', help: 'one instant that is skipped' },
  start: { kind: 'instant', help: 'first instant allowed' },
  end: { kind: 'instant', help: 'last instant allowed' },
  limit: { kind: 'number', help: 'number of occurrences allowed' },
  payload: { kind: 'json', help: 'JSON handed to the task' },
  enabled: { kind: 'boolean', help: 'false keeps the schedule from firing' },
  misfire: { kind: 'choice', choices: ['skip', 'latest', 'all'], help: 'what happens to missed occurrences' },
  misfireGrace: { kind: 'duration', help: 'how late still counts as on time' },
  catchUpWindow: { kind: 'duration', help: 'missed occurrences older than this are skipped' },
  maxCatchUp: { kind: 'number', help: 'with misfire all: at most so many' },
  overlap: {
    kind: 'choice',
    choices: ['skip', 'queue', 'replace', 'allow'],
    help: 'while the previous run is still executing',
  },
  maxConcurrent: { kind: 'number', help: 'with overlap allow: runs at the same time' },
  onCrash: { kind: 'choice', choices: ['skip', 'rerun'], help: 'when the worker dies during the run' },
  maxDeliveries: { kind: 'number', help: 'with onCrash rerun: at most so many deliveries' },
  timeout: { kind: 'duration', help: 'abort a run after' },
  retries: { kind: 'number', help: 'more attempts after a failure' },
  backoff: { kind: 'json', help: 'waits between attempts: {"type":"exponential","delay":"1s","max":"1m"}' },
  jitter: { kind: 'duration', help: 'spread the starts over this long' },
  pauseAfter: { kind: 'number', help: 'pause after so many failures in a row' },
  pool: { kind: 'text', help: 'pool of workers that runs it' },
  tags: { kind: 'list', option: 'tag', help: 'a label; may be repeated' },
  note: { kind: 'text', help: 'why the schedule exists' },
  owner: { kind: 'text', help: 'who declared it' },
  removeAfter: { kind: 'duration', help: 'remove the schedule this long after its last occurrence' },
}

/** The fields that decide when a schedule fires. */
export const TRIGGER_FIELDS: readonly (keyof DefinitionShape)[] = [
  ...(['cron', 'every', 'at', 'rrule', 'solar', 'tz', 'dstGap', 'dstOverlap', 'dayMatch', 'anchor', 'spread'] as const),
  ...(['lat', 'lon', 'exclude', 'skipNext', 'start', 'end', 'limit'] as const),
]
