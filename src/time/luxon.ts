/** The one door to luxon: time zones, ISO 8601 instants and durations, formatting. */
export { DateTime, Duration, IANAZone } from 'luxon'
