import { createHash } from 'node:crypto'

/**
 * The slug of a schedule: small letters, digits, `-` and `_`, at most 50. A name that has to be changed for it gets the
 * begin of its hash, so that two schedules never share a slug.
 */
export function slugOf(schedule: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,49}$/.test(schedule)) return schedule
  const kept = schedule
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '')
    .slice(0, 40)
  const hash = createHash('sha256').update(schedule).digest('hex').slice(0, 8)
  return kept === '' ? hash : `${kept}-${hash}`
}

/** A UUID that connects the reports about one run. It is computed from the run id, so every worker gets the same. */
export function uuidOf(runId: string): string {
  const hex = createHash('sha256').update(runId).digest('hex')
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
