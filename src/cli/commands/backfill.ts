import type { BackfillResult } from '../../index.js'
import { rate, setAction, wholeNumber, type Command } from '../command.js'
import { noSuchSchedule } from '../describe.js'
import { formatInstant, plural } from '../format.js'
import type { Session } from '../session.js'

interface BackfillCommandOptions {
  from: string
  to: string
  dryRun?: boolean
  maxPerSecond?: number
  concurrency?: number
}

/** Instants that a dry run shows at each end of the range; the others are counted. */
const SHOWN = 5

/** `backfill <name>`: runs occurrences of the past. */
export function registerBackfill(program: Command): void {
  const command = program
    .command('backfill')
    .description('run the occurrences of a past range, in order; the schedule itself is not moved')
    .argument('<name>', 'name of the schedule')
    .requiredOption(
      '--from <instant>',
      'first instant of the range, ISO 8601; without an offset in the schedule’s zone',
    )
    .requiredOption('--to <instant>', 'last instant of the range')
    .option('--dry-run', 'show the occurrences without running them')
    .option('--max-per-second <number>', 'most runs that start in a second', rate)
    .option('--concurrency <number>', 'most runs at the same time (default: 1)', wholeNumber(1))
  setAction<BackfillCommandOptions, [string]>(command, async (session, options, name) => {
    const { dryRun, maxPerSecond, concurrency } = options
    const range = { from: instant(options.from), to: instant(options.to) }
    const result = await session.withBeat((beat) =>
      beat.schedules.backfill(name, { ...range, dryRun, maxPerSecond, concurrency }),
    )
    if (result.outcome === 'missing') throw noSuchSchedule(name)
    session.result(result, () => showBackfill(session, name, result, options))
  })
}

function instant(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text
}

function showBackfill(
  { colors }: Session,
  name: string,
  { outcome, count, instants }: BackfillResult,
  { maxPerSecond, concurrency = 1 }: BackfillCommandOptions,
): string {
  if (count === 0) return `${colors.bold(name)} has no occurrence in this range`
  const range = [...new Set([formatInstant(instants[0]), formatInstant(instants.at(-1))])].join(' to ')
  const pace = `${concurrency === 1 ? 'one after the other' : `${concurrency} at once`}${maxPerSecond === undefined ? '' : `, at most ${maxPerSecond} a second`}`
  const verb = outcome === 'planned' ? 'would run' : 'will run'
  const summary = `${colors.bold(name)} ${verb} for ${plural(count, 'occurrence')}, ${range}, ${pace}`
  if (outcome === 'planned') return [...listInstants(instants), summary].join('\n')
  return `${summary}\n${colors.dim(`everybeat explain '${name}' shows how many still wait, everybeat history '${name}' how they ended`)}`
}

function listInstants(instants: readonly Date[]): string[] {
  const all = instants.map((at) => formatInstant(at))
  if (all.length <= 2 * SHOWN + 1) return all
  return [...all.slice(0, SHOWN), `… ${all.length - 2 * SHOWN} more …`, ...all.slice(-SHOWN)]
}
