/** The only import of luxon: ISO 8601 instants and durations. */
export { DateTime, Duration } from 'luxon'
