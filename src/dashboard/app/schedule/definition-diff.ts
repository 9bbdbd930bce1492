import type { Definition } from '../model.js'

/** The fields that differ between two definitions: field → [before, after]. */
export function diffOf(before: Definition, after: Definition): Record<string, [unknown, unknown]> {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const differing = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
  return Object.fromEntries(differing.map((field) => [field, [before[field], after[field]]]))
}
