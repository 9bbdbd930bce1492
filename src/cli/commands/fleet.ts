import { setAction, type Command } from '../command.js'
import { CliFailure } from '../failure.js'
import { formatRelative, NOTHING, oneLine, plural } from '../format.js'
import type { Session } from '../session.js'
import { renderTable } from '../table.js'
import type { WorkerView } from '../../index.js'

/** `fleet` and `cancel <runId>`: list the live workers, and cancel a run. */
export function registerFleet(program: Command): void {
  const fleet = program.command('fleet').description('list the live workers')
  setAction<object, []>(fleet, async (session) => {
    const workers = await session.withBeat((beat) => beat.fleet())
    session.result(workers, () => showFleet(session, workers))
  })

  const cancel = program
    .command('cancel')
    .description('cancel a waiting or running run')
    .argument('<run-id>', 'id of the run')
  setAction<object, [string]>(cancel, async (session, _options, runId) => {
    const cancelled = await session.withBeat((beat) => beat.schedules.cancel(runId))
    if (cancelled.outcome === 'missing') {
      throw new CliFailure(
        'ERR_CLI_NOT_FOUND',
        `no run ${JSON.stringify(runId)} is waiting or running; everybeat runs lists the runs`,
      )
    }
    session.result(
      cancelled,
      () =>
        `${runId} ${cancelled.outcome === 'cancelled' ? 'cancelled' : 'is running, and its worker gets the message to abort it'}`,
    )
  })
}

function showFleet(session: Session, workers: readonly WorkerView[]): string {
  if (workers.length === 0) return 'No workers.'
  const now = new Date()
  const rows = workers.map((worker) => [
    oneLine(worker.id),
    oneLine(worker.host),
    String(worker.pid),
    oneLine(worker.pool),
    `${worker.running}/${worker.concurrency}`,
    formatRelative(worker.startedAt, now),
    oneLine(worker.tasks.join(', ')) || NOTHING,
  ])
  const columns = [
    { head: 'WORKER' },
    { head: 'HOST', shrinks: true },
    { head: 'PID', align: 'right' as const },
    { head: 'POOL' },
    { head: 'RUNS', align: 'right' as const },
    { head: 'STARTED' },
    { head: 'TASKS', shrinks: true },
  ]
  return `${renderTable(columns, rows, session.table)}\n${session.colors.dim(plural(workers.length, 'worker'))}`
}
