import { writeFileSync } from 'node:fs'
import type { DefinitionInput } from '../../index.js'
import { simulate, type SimulatedTask, type SimulationResult } from '../../testing/index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { readSoundDefinitions } from '../definition-folder.js'
import { readJsonFile } from '../files.js'
import { plural } from '../format.js'
import type { Session } from '../session.js'
import { drawLoad } from '../simulation/load-lines.js'
import { writeReport } from '../simulation/report-page.js'
import { noteUnreachable } from '../note-unreachable.js'
import { collectSchedules } from './list.js'

interface SimulateCommandOptions {
  from: string
  to: string
  workers: number
  concurrency?: number
  tasks?: string
  file?: string
  seed?: number
  html?: string
}

type Named = DefinitionInput & { name: string }

/** `simulate`: simulates a span of time with given schedules and workers. */
export function registerSimulate(program: Command): void {
  const command = program
    .command('simulate')
    .description('simulate a span of time, and show load, herds, overlaps and lateness')
    .requiredOption('--from <instant>', 'start of the span, such as 2026-11-01T00:00:00Z')
    .requiredOption('--to <instant>', 'end of the span')
    .requiredOption('--workers <number>', 'number of workers of the fleet', wholeNumber(1))
    .option('--concurrency <number>', 'runs at the same time on each worker (default: 50)', wholeNumber(1))
    .option('--tasks <file>', 'JSON file: an object of tasks, each { durationMs or distribution, failureRate }')
    .option('-f, --file <path>', 'file or folder of definitions, instead of those in Redis; - for standard input')
    .option('--seed <number>', 'seed of the random numbers: the same seed gives the same result', wholeNumber(0))
    .option('--html <file>', 'also write a page with charts')
  setAction<SimulateCommandOptions, []>(command, async (session, options) => {
    const { from, to, workers, concurrency, seed } = options
    const definitions = await readDefinitions(session, options.file)
    const tasks = options.tasks === undefined ? {} : await readJsonFile(options.tasks, 'object')
    const given = { definitions, tasks: tasks as Record<string, SimulatedTask>, from, to, workers, concurrency, seed }
    const result = simulate(given)
    if (options.html !== undefined) {
      writeFileSync(options.html, writeReport(result, { from, to, workers, scheduleCount: definitions.length }))
      session.note(`wrote ${options.html}`)
    }
    session.result(result, () => show(session, result, definitions.length))
    return 0
  })
}

async function readDefinitions(session: Session, file: string | undefined): Promise<Named[]> {
  if (file !== undefined) {
    const sound = await readSoundDefinitions(file)
    return sound.map(({ name, definition }) => ({ ...definition, name }) as Named)
  }
  const stored = await session.withBeat((beat) => collectSchedules(beat, {}))
  noteUnreachable(session, stored.unreachableShards)
  return stored.flatMap(({ name, given }) => (given ? [{ ...given, name } as Named] : []))
}

function show({ colors, table }: Session, result: SimulationResult, scheduleCount: number): string {
  const { started, failed, abandoned, skipped, missed, lateness, herds, overlaps, suggestions } = result
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  const lines = [
    `${plural(scheduleCount, 'schedule')}: ${started} started, ${failed} failed, ${abandoned} abandoned, ${skipped} skipped, ${missed} missed`,
    `late by p50 ${seconds(lateness.p50)}, p95 ${seconds(lateness.p95)}, p99 ${seconds(lateness.p99)}, at most ${seconds(lateness.max)}`,
    '',
    ...drawLoad(result, table.width),
  ]
  for (const { at, count, schedules } of herds.slice(0, 5)) {
    lines.push(
      `herd     ${at.toISOString()}  ${count} at once: ${schedules.join(', ')}${count > schedules.length ? ', …' : ''}`,
    )
  }
  for (const { schedule, count, policy } of overlaps.slice(0, 5)) {
    lines.push(`overlap  ${schedule}  ${count} times, ${policy}`)
  }
  for (const suggestion of suggestions) lines.push(colors.yellow(`→ ${suggestion}`))
  return lines.join('\n')
}
