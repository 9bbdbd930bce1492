import { setTimeout as sleep } from 'node:timers/promises'
import { parseDuration, type Everybeat, type HistoryEntry } from '../../index.js'
import { setAction, type Command } from '../command.js'
import { readJson } from '../definition-options.js'
import { noSuchSchedule, paintOutcome } from '../describe.js'
import { CliFailure } from '../failure.js'
import { formatDuration, oneLine } from '../format.js'

interface RunOptions {
  payload?: string
  wait?: boolean
  timeout: string
}

const POLL_MS = 100

/** `run <name>`: requests a manual run of a schedule. */
export function registerRun(program: Command): void {
  const command = program
    .command('run')
    .description('run a schedule now, once; its next occurrence stays where it is')
    .argument('<name>', 'name of the schedule')
    .option('--payload <json>', 'payload of this run (default: the payload of the schedule)')
    .option('--wait', 'wait for the end of the run; the exit code is 1 unless it succeeded')
    .option('--timeout <time>', 'with --wait: longest wait', '10m')
  setAction<RunOptions, [string]>(command, async (session, options, name) => {
    const timeoutMs = parseDuration(options.timeout, '--timeout')
    const payload = options.payload === undefined ? {} : { payload: readJson(options.payload, 'payload') }
    return session.withBeat(async (beat) => {
      const triggered = await beat.schedules.trigger(name, payload)
      if (triggered.outcome === 'missing') throw noSuchSchedule(name)
      const { runId } = triggered
      if (!options.wait) {
        const waits = session.json ? null : await describeMissingWorker(beat, name)
        session.result(
          triggered,
          () => `${session.colors.bold(oneLine(name))} ${waits === null ? 'runs' : 'waits'} as ${runId}${waits ?? ''}`,
        )
        return 0
      }
      if (!session.json) session.note(`waiting for ${runId}`)
      const entry = await waitForRun(beat, name, runId, timeoutMs)
      session.result(entry, () => {
        const why = oneLine(entry.error ?? entry.reason ?? '')
        const outcome = paintOutcome(entry.outcome, session.colors)
        return `${session.colors.bold(name)} ${outcome} in ${formatDuration(entry.durationMs)}${why === '' ? '' : `: ${why}`}`
      })
      return entry.outcome === 'ok' ? 0 : 1
    })
  })
}

/** The note that no live worker of the pool has the task, so that the run does not start; null when one has it. */
async function describeMissingWorker(beat: Everybeat, name: string): Promise<string | null> {
  const [schedule, workers] = await Promise.all([beat.schedules.get(name), beat.fleet()])
  const { task = name, pool = 'default' } = schedule?.given ?? {}
  if (workers.some((worker) => worker.pool === pool && worker.tasks.includes(task))) return null
  return `: no live worker of pool ${oneLine(pool)} has the task ${JSON.stringify(task)}`
}

async function waitForRun(beat: Everybeat, name: string, runId: string, timeoutMs: number): Promise<HistoryEntry> {
  const giveUpAt = performance.now() + timeoutMs
  while (performance.now() < giveUpAt) {
    const entry = (await beat.schedules.history(name, { limit: 100 })).find((each) => each.runId === runId)
    if (entry) return entry
    await sleep(Math.min(POLL_MS, Math.max(1, giveUpAt - performance.now())))
  }
  throw new CliFailure(
    'ERR_CLI_FAILED',
    `run ${runId} has not ended within ${formatDuration(timeoutMs)}; check that a worker with its task runs`,
  )
}
