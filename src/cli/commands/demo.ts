import { setAction, wholeNumber, type Command } from '../command.js'
import { CliFailure } from '../failure.js'
import { runDemo } from '../demo/run-demo.js'
import { openEnvironment } from '../demo/environment.js'
import { createOutput } from '../demo/output.js'
import { onStopSignal, STOP_EXIT_CODES, type StopSignal } from '../stop-signals.js'

interface DemoOptions {
  seconds: number
  workers: number
}

/** `demo`: runs a fleet on a real Redis through a crash, an edit and a new worker, and checks every occurrence. */
export function registerDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('run a fleet through a crash, a live edit and a new worker, and check every occurrence')
    .option('--seconds <number>', 'duration of the demo, seconds', wholeNumber(5), 20)
    .option('--workers <number>', 'worker processes at the start', wholeNumber(2), 3)
  setAction<DemoOptions, []>(command, async (session, { seconds, workers }) => {
    if (session.connection.tls) {
      const message = 'demo does not take --tls-ca, --tls-cert and --tls-key; without --redis it starts its own server'
      throw new CliFailure('ERR_CLI_USAGE', message)
    }
    const output = createOutput(session.json ? session.note : session.print, session.colors)
    const interruption = new AbortController()
    const off = onStopSignal((signal) => interruption.abort(signal))
    try {
      const environment = await openEnvironment(session.redis, output.showLine)
      try {
        const verdict = await runDemo(environment, { seconds, workers, output, signal: interruption.signal })
        if (session.json) session.print(JSON.stringify(verdict, null, 2))
        else output.showVerdict(verdict, seconds)
        return verdict.passed ? 0 : 1
      } finally {
        await environment.close()
      }
    } catch (error) {
      if (!interruption.signal.aborted) throw error
      session.note('demo interrupted; its workers are stopped and its keys removed')
      return STOP_EXIT_CODES[interruption.signal.reason as StopSignal]
    } finally {
      off()
    }
  })
}
