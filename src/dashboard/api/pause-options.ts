import type { Instant } from '../../index.js'
import { badRequest } from '../problem.js'

/** The note and the end of a pause; empty and null count as not given. @throws Problem 400 */
export function readPauseOptions({ note, until }: Readonly<Record<string, unknown>>): {
  note?: string
  until?: Instant
} {
  return {
    ...(isEmpty(note) ? {} : { note: checkText('note', note) }),
    ...(isEmpty(until) ? {} : { until: checkInstant('until', until) }),
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function checkText(field: string, value: unknown): string {
  if (typeof value !== 'string') throw badRequest(field, value, 'text')
  return value
}

function checkInstant(field: string, value: unknown): Instant {
  if (typeof value !== 'string' && typeof value !== 'number') throw badRequest(field, value, 'an instant in ISO 8601')
  return value
}
