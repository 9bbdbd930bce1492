import { Everybeat, parseDuration, type Logger } from '../../index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { formatDuration, safeJson } from '../format.js'
import { loadWorkerModule } from '../module.js'
import type { Session } from '../session.js'
import { onStopSignal, STOP_EXIT_CODES, type StopSignal } from '../stop-signals.js'

interface WorkerOptions {
  concurrency?: number
  pool?: string
  lease?: string
  timeout: string
}

/** `worker <module>`: runs a worker until a signal stops it. */
export function registerWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('run a worker with the tasks and schedules of a module')
    .argument('<module>', 'file whose default export is a function (beat) => void; .js, .mjs or .ts')
    .option('--concurrency <number>', 'most runs at the same time (default: 50)', wholeNumber(1))
    .option('--pool <pool>', 'pool of this worker (default: default)')
    .option(
      '--lease <time>',
      'time after the last extension at which a lease ends, and another worker may run (default: 30s)',
    )
    .option('--timeout <time>', 'on SIGTERM or SIGINT: time for the runs to end', '30s')
  setAction<WorkerOptions, [string]>(command, async (session, options, path) => {
    const { concurrency, pool, lease } = options
    const timeoutMs = parseDuration(options.timeout, '--timeout')
    const leaseMs = lease === undefined ? undefined : parseDuration(lease, '--lease')
    const setUp = await loadWorkerModule(path)
    const logger = session.json ? createJsonLogger(session) : undefined
    const own = Object.entries({ concurrency, pool, leaseMs, logger }).filter(([, value]) => value !== undefined)
    const beat = new Everybeat({ ...session.connection, ...Object.fromEntries(own) })
    const stopSignal = firstStopSignal()
    try {
      const early = await Promise.race([startUp(session, beat, setUp), stopSignal])
      const signal = early ?? (await stopSignal)
      const text = `${signal}: the worker starts no new runs; its runs have ${formatDuration(timeoutMs)} to end`
      report(session, { event: 'stopping', signal, timeoutMs }, text)
    } finally {
      await beat.stop({ timeoutMs })
    }
    report(session, { event: 'stopped' }, 'worker stopped')
    // Resources that the module opened (a pool, a server) must not keep the process alive.
    process.exit(0)
  })
}

async function startUp(session: Session, beat: Everybeat, setUp: (beat: Everybeat) => unknown): Promise<void> {
  await setUp(beat)
  await beat.start()
  const { worker } = beat.health()
  report(session, { event: 'started', worker }, `worker ${worker} is up`)
}

/** Resolves at the first signal to end; the second one ends the process at once, with 128 + its number. */
function firstStopSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    let isStopping = false
    onStopSignal((signal) => {
      if (isStopping) process.exit(STOP_EXIT_CODES[signal])
      isStopping = true
      resolve(signal)
    })
  })
}

function report(session: Session, document: object, text: string): void {
  if (session.json) session.print(safeJson({ at: new Date().toISOString(), ...document }))
  else session.print(text)
}

// With --json each log entry of the engine is also one JSON document a line, on standard error.
function createJsonLogger(session: Session): Logger {
  const log = (level: keyof Logger) => (message: string, details?: unknown) =>
    session.note(safeJson({ at: new Date().toISOString(), level, message, details }))
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}
