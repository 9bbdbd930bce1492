import { readFileSync } from 'node:fs'
import { createColors, wantsColor } from './colors.js'
import { asUsageFailure, Command, isHelpShown, wholeNumber } from './command.js'
import { oneLine, safeJson } from './format.js'
import { reportFailure } from './failure.js'
import { registerApply } from './commands/apply.js'
import { registerBackfill } from './commands/backfill.js'
import { registerChanges } from './commands/changes.js'
import { registerDashboard } from './commands/dashboard.js'
import { registerCompletion } from './commands/completion.js'
import { registerDemo } from './commands/demo.js'
import { registerDiff } from './commands/diff.js'
import { registerDoctor } from './commands/doctor.js'
import { registerEdit } from './commands/edit.js'
import { registerExplain } from './commands/explain.js'
import { registerExport } from './commands/export.js'
import { registerFleet } from './commands/fleet.js'
import { registerHistory } from './commands/history.js'
import { registerImport } from './commands/import.js'
import { registerInit } from './commands/init.js'
import { registerList } from './commands/list.js'
import { registerMemoryServer } from './commands/memory-server.js'
import { registerNext } from './commands/next.js'
import { registerPause } from './commands/pause.js'
import { registerPut } from './commands/put.js'
import { registerRemove } from './commands/remove.js'
import { registerReshard } from './commands/reshard.js'
import { registerRun } from './commands/run.js'
import { registerRuns } from './commands/runs.js'
import { registerSchema } from './commands/schema.js'
import { registerSimulate } from './commands/simulate.js'
import { registerShow } from './commands/show.js'
import { registerTail } from './commands/tail.js'
import { registerTop } from './commands/top.js'
import { registerValidate } from './commands/validate.js'
import { registerWorker } from './commands/worker.js'

/** The commands, in the order of the help. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  registerWorker,
  registerDemo,
  registerDashboard,
  registerPut,
  registerList,
  registerShow,
  registerEdit,
  registerRemove,
  registerPause,
  registerRun,
  registerNext,
  registerHistory,
  registerExplain,
  registerChanges,
  registerBackfill,
  registerRuns,
  registerTail,
  registerTop,
  registerFleet,
  registerDoctor,
  registerExport,
  registerImport,
  registerApply,
  registerDiff,
  registerValidate,
  registerSchema,
  registerInit,
  registerCompletion,
  registerReshard,
  registerMemoryServer,
  registerSimulate,
]

/** Runs one command line (without node and the script) and sets `process.exitCode`; never rejects. */
export async function runCli(parameters: readonly string[]): Promise<void> {
  const program = createProgram()
  try {
    await program.parseAsync(parameters, { from: 'user' })
  } catch (error) {
    if (isHelpShown(error)) return
    const report = reportFailure(asUsageFailure(error))
    process.exitCode = report.exitCode
    // The name of the program alone shows the commands.
    if (parameters.length === 0) process.stderr.write(`${program.helpInformation()}\n`)
    process.stderr.write(`${showFailure(report, parameters)}\n`)
  }
}

/** The whole command tree; parsing throws instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('everybeat')
    .description('A leaderless scheduler for fleets of Node.js workers, on Redis.')
    .version(packageVersion(), '-V, --version', 'show the version')
    .option(
      '--redis <url>',
      'Redis to use (default: $EVERYBEAT_REDIS_URL, the configuration file, $REDIS_URL, redis://127.0.0.1:6379)',
    )
    .option('--tls-ca <file>', 'PEM file of the CA that signed the certificate of the server (with a rediss:// URL)')
    .option('--tls-cert <file>', 'PEM file of the client certificate, for servers that require one')
    .option('--tls-key <file>', 'PEM file of the key of the client certificate')
    .option('--prefix <prefix>', 'prefix of the keys (default: $EVERYBEAT_PREFIX, the configuration file, everybeat)')
    .option('--as <who>', 'editor, for the change list (default: user@host)')
    .option('--shards <number>', 'number of shards of the fleet (default: 1)', wholeNumber(1))
    .option(
      '--connect-timeout <ms>',
      'time after which an unreachable Redis is given up (default: 10000)',
      wholeNumber(1),
    )
    .option('--json', 'write the result as one JSON document, for programs')
    .option('--no-color', 'write no colour (also: the variable NO_COLOR)')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true })
    // Every error is reported in one place, as one line or as JSON.
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
    .exitOverride()
  for (const register of COMMANDS) register(program)
  return program
}

function showFailure(
  { exitCode: _, ...error }: ReturnType<typeof reportFailure>,
  parameters: readonly string[],
): string {
  if (parameters.includes('--json')) return safeJson({ error })
  const option = !parameters.includes('--no-color')
  const colors = createColors(wantsColor({ option, isTerminal: process.stderr.isTTY, environment: process.env }))
  const line = `${colors.red('error:')} ${oneLine(error.message)} ${colors.dim(`(${error.code})`)}`
  if (error.stack === undefined) return line
  return [line, ...error.stack.split('\n').map((each) => `  ${each.replace(/\S.*/, (text) => oneLine(text))}`)].join(
    '\n',
  )
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
