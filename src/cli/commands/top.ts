import type { Everybeat, RunView, ScheduleView, WorkerView } from '../../index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { formatLateness, formatRelative, NOTHING, oneLine, plural } from '../format.js'
import { untilInterrupted } from '../live/until-interrupted.js'
import { describeUnreachable } from '../note-unreachable.js'
import type { Session } from '../session.js'
import { renderTable } from '../table.js'
import { collectSchedules } from './list.js'

/** The facts that `top` shows at one moment. */
interface Snapshot {
  at: Date
  workers: WorkerView[]
  runs: RunView[]
  /** The schedules with the earliest next occurrences. */
  next: { name: string; next: Date }[]
  /** The number of schedules in each state. */
  schedules: Record<ScheduleView['state'], number>
  /** Indexes of the shards that did not answer, whose data is missing; absent when all answered. */
  unreachableShards?: number[]
}

const LOOK_MS = 1_000
const ROWS = 10
/** Moves the cursor home and clears the lines below it, so that a new picture replaces the last one without a flicker. */
const REDRAW = '\u001b[H\u001b[J'
const OPEN = '\u001b[?1049h\u001b[?25l'
const CLOSE = '\u001b[?25h\u001b[?1049l'

/** `top`: shows the fleet, its runs and its next occurrences, continuously on a terminal, once elsewhere. */
export function registerTop(program: Command): void {
  const command = program
    .command('top')
    .description('show the fleet, its runs and its next occurrences; continuously on a terminal, once in a pipe')
    .option('--once', 'show them once, also on a terminal')
    .option('--rows <number>', 'rows of each table', wholeNumber(1), ROWS)
  setAction<{ once?: boolean; rows: number }, []>(command, async (session, { once, rows }) => {
    await session.withBeat(async (beat) => {
      if (once || session.json || !process.stdout.isTTY) {
        const snapshot = await look(beat)
        return session.result(snapshot, () => draw(session, snapshot, rows))
      }
      process.stdout.write(OPEN)
      try {
        await untilInterrupted(LOOK_MS, async () => {
          const picture = draw(session, await look(beat), rows)
          process.stdout.write(`${REDRAW}${picture}\n${session.colors.dim('Ctrl-C ends top')}`)
          return 'again'
        })
      } finally {
        process.stdout.write(CLOSE)
      }
    })
  })
}

async function look(beat: Everybeat): Promise<Snapshot> {
  const [workers, runs, schedules] = await Promise.all([
    beat.fleet(),
    beat.schedules.runs(),
    collectSchedules(beat, {}),
  ])
  const next = schedules
    .flatMap(({ name, next: at }) => (at === null ? [] : [{ name, next: at }]))
    .sort((left, right) => left.next.getTime() - right.next.getTime())
  const counts = { active: 0, paused: 0, finished: 0, invalid: 0 }
  for (const { state } of schedules) counts[state] += 1
  const silent = runs.unreachableShards ?? schedules.unreachableShards
  const missing = silent === undefined ? {} : { unreachableShards: silent }
  return { at: new Date(), workers, runs, next: next.slice(0, 100), schedules: counts, ...missing }
}

function draw(session: Session, snapshot: Snapshot, rows: number): string {
  const { at, workers, runs, next, schedules, unreachableShards } = snapshot
  const { colors } = session
  const running = runs.filter(({ state }) => state === 'running')
  const slots = workers.reduce((sum, { concurrency }) => sum + concurrency, 0)
  const states = Object.entries(schedules)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
  const head = `${at.toISOString()}  ${plural(workers.length, 'worker')}, ${running.length}/${slots} slots, ${plural(runs.length - running.length, 'run')} waiting; schedules: ${states.join(', ') || 'none'}`
  return [
    colors.bold(head),
    ...(unreachableShards === undefined ? [] : [colors.red(describeUnreachable(unreachableShards))]),
    '',
    showWorkers(session, workers.slice(0, rows), at),
    '',
    showRunning(session, running.slice(0, rows), at),
    '',
    showNext(session, next.slice(0, rows), at),
  ].join('\n')
}

function showWorkers({ table }: Session, workers: readonly WorkerView[], now: Date): string {
  const rows = workers.map((worker) => [
    oneLine(worker.id),
    oneLine(worker.host),
    oneLine(worker.pool),
    `${worker.running}/${worker.concurrency}`,
    formatRelative(worker.startedAt, now),
  ])
  return renderTable(
    [
      { head: 'WORKER' },
      { head: 'HOST', shrinks: true },
      { head: 'POOL' },
      { head: 'RUNS', align: 'right' },
      { head: 'STARTED' },
    ],
    rows,
    table,
  )
}

function showRunning({ table }: Session, runs: readonly RunView[], now: Date): string {
  const rows = runs.map((run) => [
    oneLine(run.schedule),
    formatRelative(run.startedAt, now),
    run.startedAt === undefined ? NOTHING : formatLateness(run.startedAt.getTime() - run.scheduledAt.getTime()),
    oneLine(run.worker ?? NOTHING),
  ])
  return renderTable(
    [{ head: 'RUNNING', shrinks: true }, { head: 'SINCE' }, { head: 'LATE', align: 'right' }, { head: 'WORKER' }],
    rows,
    table,
  )
}

function showNext({ table }: Session, next: Snapshot['next'], now: Date): string {
  const rows = next.map(({ name, next: at }) => [oneLine(name), formatRelative(at, now)])
  return renderTable([{ head: 'NEXT', shrinks: true }, { head: 'DUE' }], rows, table)
}
