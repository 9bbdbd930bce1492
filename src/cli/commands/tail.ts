import { setAction, wholeNumber, type Command } from '../command.js'
import { noSuchSchedule, paintOutcome } from '../describe.js'
import { formatDuration, formatInstant, formatLateness, oneLine, safeJson } from '../format.js'
import { RunFeed, type FeedItem } from '../live/run-feed.js'
import { untilInterrupted } from '../live/until-interrupted.js'
import type { Session } from '../session.js'

const LOOK_MS = 300

/** `tail [name]`: shows starts and ends of runs as they happen. */
export function registerTail(program: Command): void {
  const command = program
    .command('tail')
    .description('show starts and ends of runs as they happen, until Ctrl-C')
    .argument('[name]', 'name of the schedule; default: all schedules')
    .option('-n, --count <number>', 'number of ends of runs after which the command ends', wholeNumber(1))
  setAction<{ count?: number }, [string | undefined]>(command, async (session, { count = Infinity }, name) => {
    await session.withBeat(async (beat) => {
      if (name !== undefined && (await beat.schedules.get(name)) === null) throw noSuchSchedule(name)
      const feed = new RunFeed(beat, name ?? null)
      await feed.look()
      if (!session.json) session.note('following runs; Ctrl-C ends the command')
      let left = count
      await untilInterrupted(LOOK_MS, async () => {
        for (const item of await feed.look()) {
          session.print(session.json ? safeJson(item) : showItem(session, item))
          if (item.event === 'ended') left -= 1
          if (left <= 0) return 'done'
        }
        return 'again'
      })
    })
  })
}

function showItem({ colors }: Session, item: FeedItem): string {
  const head = `${colors.dim(formatInstant(item.at))} `
  const name = colors.bold(oneLine(item.schedule))
  if (item.event === 'started')
    return `${head}started ${name}  ${colors.dim(`on ${oneLine(item.worker ?? '?')}, run ${oneLine(item.runId)}`)}`
  const { outcome, durationMs, latenessMs, attempt, error, reason } = item.entry
  const facts = [
    ...(durationMs === undefined ? [] : [`in ${formatDuration(durationMs)}`]),
    ...(latenessMs === undefined ? [] : [`${formatLateness(latenessMs)} late`]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...((error ?? reason) ? [oneLine(error ?? reason ?? '')] : []),
  ]
  return `${head}${paintOutcome(outcome, colors).padEnd(7)} ${name}  ${facts.join(', ')}`
}
