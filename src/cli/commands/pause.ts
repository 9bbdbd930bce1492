import { setAction, type Command } from '../command.js'
import { noSuchSchedule } from '../describe.js'

interface PauseOptions {
  note?: string
  until?: string
}

/** `pause <name>` and `resume <name>`. */
export function registerPause(program: Command): void {
  const pause = program
    .command('pause')
    .description('keep a schedule from firing')
    .argument('<name>', 'name of the schedule')
    .option('--note <text>', 'reason, which is shown with the schedule')
    .option('--until <instant>', 'resume by itself at this instant, ISO 8601')
  setAction<PauseOptions, [string]>(pause, async (session, { note, until }, name) => {
    const options = { ...(note !== undefined && { note }), ...(until !== undefined && { until }) }
    const paused = await session.withBeat((beat) => session.edits(beat).pause(name, options))
    if (paused.outcome === 'missing') throw noSuchSchedule(name)
    const rest = until === undefined ? '' : ` until ${until}`
    session.result(paused, () => `${session.colors.bold(name)} paused${rest}`)
  })

  const resume = program
    .command('resume')
    .description('let a paused schedule fire again; missed occurrences are skipped')
    .argument('<name>', 'name of the schedule')
  setAction<object, [string]>(resume, async (session, _options, name) => {
    const resumed = await session.withBeat((beat) => session.edits(beat).resume(name))
    if (resumed.outcome === 'missing') throw noSuchSchedule(name)
    const text = resumed.outcome === 'resumed' ? 'resumed' : 'was not paused'
    session.result(resumed, () => `${session.colors.bold(name)} ${text}`)
  })
}
