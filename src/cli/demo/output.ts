import type { Colors } from '../colors.js'
import { formatDuration, formatLateness, plural } from '../format.js'
import type { DemoWorker, WorkerMessage } from './workers.js'
import type { Verdict } from './verdict.js'

/** Prints a demo line by line. */
export interface DemoOutput {
  /** From now on lines carry the time since this instant (a `performance.now()`). */
  begin(startedAt: number): void
  /** Shows the start of a run, with an optional remark. */
  showRun(member: DemoWorker, message: WorkerMessage & { kind: 'began' }, note?: string): void
  /** Shows an action of the demo on the fleet. */
  showAction(text: string): void
  showLine(text: string): void
  showVerdict(verdict: Verdict, seconds: number): void
}

/** Creates an output that gives each line to `write`. */
export function createOutput(write: (line: string) => void, colors: Colors): DemoOutput {
  let startedAt: number | undefined
  const clock = () => {
    const seconds = startedAt === undefined ? 0 : (performance.now() - startedAt) / 1000
    return colors.dim(`${seconds.toFixed(2).padStart(6)}s`)
  }
  return {
    begin(at) {
      startedAt = at
    },
    showRun(member, { schedule, scheduledAt, latenessMs }, note = '') {
      const instant = new Date(scheduledAt).toISOString().slice(11, 23)
      const late = formatLateness(latenessMs).padStart(8)
      const paint = latenessMs < NOTICEABLE_MS ? colors.green : colors.yellow
      const start = `${clock()}  ${paintWorker(member.label, colors)}  ${schedule.padEnd(12)} ${instant}`
      write(`${start} ${note === '' ? paint(late) : `${late}  ${colors.dim(note)}`}`)
    },
    showAction: (text) => write(`${clock()}  ${colors.bold(colors.yellow(`** ${text}`))}`),
    showLine: write,
    showVerdict(verdict, seconds) {
      for (const line of describeVerdict(verdict, seconds, colors)) write(line)
    },
  }
}

/** The verdict as lines for people; the five figures begin their lines, in a fixed order. */
export function describeVerdict(verdict: Verdict, seconds: number, colors: Colors): string[] {
  const { due, run, doubled, lost, unexpected, takenOver, latenessMs, passed } = verdict
  const count = (name: string, value: number, isBad = false) =>
    `  ${name.padEnd(11)}${(isBad ? colors.red : colors.bold)(String(value).padStart(6))}`
  const list = (names: readonly string[]) => names.map((name) => `      ${colors.red(name)}`)
  return [
    '',
    colors.bold(`Verdict on ${seconds} s, from the history in Redis`),
    count('due', due),
    count('run', run),
    count('doubled', doubled.length, doubled.length > 0),
    ...list(doubled),
    count('lost', lost.length, lost.length > 0),
    ...list(lost),
    count('unexpected', unexpected.length, unexpected.length > 0),
    ...list(unexpected),
    count('taken over', takenOver.length),
    `  lateness   p50 ${formatDuration(latenessMs?.p50)}, p99 ${formatDuration(latenessMs?.p99)}`,
    passed
      ? colors.green('Every occurrence ran, and ran once.')
      : colors.red(
          `The promise is broken: ${plural(doubled.length + lost.length + unexpected.length, 'occurrence')} did not run exactly once.`,
        ),
  ]
}

const NOTICEABLE_MS = 100

function paintWorker(label: string, colors: Colors): string {
  const paints = [colors.cyan, colors.green, colors.yellow, colors.bold]
  return paints[(Number(label.slice(1)) - 1) % paints.length]!(label.padEnd(3))
}
