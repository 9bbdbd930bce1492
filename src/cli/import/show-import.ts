import { describeTrigger } from '../describe.js'
import { oneLine, plural } from '../format.js'
import type { Session } from '../session.js'
import { IMPORT_OUTCOMES, type ImportOutcome, type ReportedEntry } from './write-entries.js'

/** The report of an import for people: a line for each entry with its differences, then the next steps. */
export function showImport(
  session: Session,
  entries: readonly ReportedEntry[],
  { counts, isOwnFormat }: { counts: Readonly<Record<ImportOutcome, number>>; isOwnFormat: boolean },
): string {
  const { colors } = session
  if (entries.length === 0) return 'The source holds no schedules.'
  // For definition files of Everybeat only refused entries have lines, because the others need no explanation.
  const shown =
    isOwnFormat && counts['would-create'] + counts['would-update'] === 0
      ? entries.filter(({ reason }) => reason !== undefined)
      : entries
  const lines = shown.flatMap((entry) => showEntry(session, entry))
  const found = IMPORT_OUTCOMES.filter((outcome) => counts[outcome] > 0 || isAlwaysSaid(outcome, counts))
  const summary = found.map((outcome) => `${counts[outcome]} ${outcome.replace('-', ' ')}`).join(', ')
  return [...lines, ...showSwitchOff(session, entries), colors.bold(summary)].join('\n')
}

// A write always reports the numbers of created, updated and unchanged schedules, so that scripts can rely on the line.
function isAlwaysSaid(outcome: ImportOutcome, counts: Readonly<Record<ImportOutcome, number>>): boolean {
  const isPlan = counts['would-create'] + counts['would-update'] > 0
  return !isPlan && counts.refused === 0 && ['created', 'updated', 'unchanged'].includes(outcome)
}

function showEntry({ colors }: Session, entry: ReportedEntry): string[] {
  const { name, source, outcome, definition, notes, reason, next } = entry
  const paint = outcome === 'refused' ? colors.red : outcome === 'unchanged' ? colors.dim : colors.green
  const head = `${paint(outcome.replace('-', ' ').padEnd(12))} ${colors.bold(oneLine(name))}`
  const rest = definition === undefined ? '' : `  ${describeTrigger(definition)}  ${colors.dim(oneLine(source))}`
  const below = [
    ...(reason === undefined ? [] : [colors.red(`${oneLine(source)}: ${oneLine(reason)}`)]),
    ...notes.map((note) => `- ${oneLine(note)}`),
    ...(next === undefined ? [] : [`next there: ${next.old.join(', ')}`, `next here:  ${next.ours.join(', ')}`]),
  ]
  return [`${head}${rest}`, ...below.map((line) => `    ${line}`)]
}

function showSwitchOff({ colors }: Session, entries: readonly ReportedEntry[]): string[] {
  const ways = new Set(
    entries.flatMap(({ outcome, switchOff }) => (outcome === 'refused' || !switchOff ? [] : [switchOff])),
  )
  if (ways.size === 0) return []
  if (ways.size > 5)
    return [
      colors.dim(`To switch the old ones off: ${plural(ways.size, 'way')}, in the output of --json as switchOff.`),
    ]
  return ['To switch the old ones off:', ...[...ways].map((way) => `    ${oneLine(way)}`)]
}
