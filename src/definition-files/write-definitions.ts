import type { DefinitionShape } from '../index.js'
import { escapeControls, toYaml } from './yaml.js'

/**
 * The text of a file that {@link readDefinitions} reads back to the same definitions: of each schedule its `name` and what
 * was `given` of it. Names are sorted by code unit and
 * fields are in one order, so equal schedules give equal text.
 */
export function writeDefinitions(
  schedules: Iterable<{ readonly name: string; readonly given: Readonly<DefinitionShape> }>,
  format: 'yaml' | 'json',
): string {
  const sorted = [...schedules].sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0))
  // A name such as __proto__ has to stay a name.
  const byName = Object.create(null) as Record<string, unknown>
  for (const { name, given } of sorted) byName[name] = given
  if (format === 'json') return `${escapeControls(JSON.stringify({ schedules: byName }, null, 2))}\n`
  return toYaml({ schedules: new Map(sorted.map(({ name, given }) => [name, given])) })
}
