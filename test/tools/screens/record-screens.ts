import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Everybeat } from '../../../src/index.js'
import { openScreen } from '../../support/screen.js'

/** What the terminal showed, by the name of the screen. */
export interface Screens {
  readonly top: string
  readonly tail: string
  readonly edit: string
}

const SIZE = { columns: 112, rows: 30 }

/** An editor that shows the opened text, mistypes a duration, and corrects it when the text returns with the refusal on top. */
const EDITOR = `#!/bin/sh
echo "---- $(grep -c '' "$1") lines in the editor ----"
grep -v '^# [a-z]' "$1"
if grep -q '5x' "$1"
then sed -i 's/^every: 5x/every: 5m/' "$1"; echo '---- every: 5x is corrected to 5m, saved ----'
else sed -i 's/^every: .*/every: 5x/' "$1"; echo '---- every is changed to 5x, saved ----'
fi
`

/**
 * Puts a small fleet to work and records what `top`, `tail` and an `edit` with a mistake show on a terminal.
 *
 * @param tmux the path of tmux, @param place the Redis and the prefix of the fleet, which is empty before
 */
export async function recordScreens(tmux: string, place: { redis: string; prefix: string }): Promise<Screens> {
  const { redis, prefix } = place
  let release = (): void => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const beats = [0, 1].map(() => new Everybeat({ redis, prefix, logger: false, actor: 'ada@laptop' }))
  for (const beat of beats) {
    beat.task('import', () => released)
    beat.task('mail', () => sleep(120, { sent: 3 }))
    await beat.start()
  }
  const beat = beats[0]!
  const env = { EVERYBEAT_REDIS_URL: redis, EVERYBEAT_PREFIX: prefix, EDITOR: './editor' }
  try {
    await beat.schedules.put('orders', { task: 'import', every: '1h', overlap: 'skip' })
    await beat.schedules.put('report', { task: 'mail', every: '2s', note: 'for the shop in Berlin' })
    const started = new Promise<void>((resolve) => {
      for (const each of beats) each.on('run:started', ({ schedule }) => schedule === 'orders' && resolve())
    })
    await beat.schedules.trigger('orders')
    await started
    const top = await record(tmux, env, async (screen) => {
      await screen.type('everybeat top')
      // At a moment at which the short task does not run.
      const shown = await screen.shows(/RUNNING.*\norders.*\n\n[^]*\nreport/)
      await screen.press('C-c')
      return shown
    })
    const tail = await record(tmux, env, async (screen) => {
      await screen.type('everybeat tail')
      await screen.shows(/(report[^]*){6}/)
      await screen.press('C-c')
      return await screen.shows(/\^C\s*\$$/)
    })
    const edit = await record(tmux, env, async (screen) => {
      writeFileSync(join(screen.folder, 'editor'), EDITOR, { mode: 0o755 })
      await screen.type('everybeat edit report')
      return await screen.shows(/updated \(revision \d+\)\s*\$$/)
    })
    return { top, tail, edit }
  } finally {
    release()
    await Promise.all(beats.map((each) => each.stop()))
  }
}

async function record(
  tmux: string,
  env: Readonly<Record<string, string>>,
  play: (screen: Awaited<ReturnType<typeof openScreen>>) => Promise<string>,
): Promise<string> {
  await using screen = await openScreen(tmux, env, SIZE)
  await screen.shows(/\$/)
  return (await play(screen)).replace(/\s*\$$/, '')
}

/**
 * The shape of a screen: each kind of line once, sorted, with numbers, instants, durations and ids as signs, so that two
 * recordings of the same command are alike.
 */
export function shapeOf(screen: string): string[] {
  const lines = screen.split('\n').map((line) =>
    line
      .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\d\d:\d\d:\d\d(\.\d+)?/g, '<instant>')
      .replace(/\b[0-9a-z]{12}\b/g, '<id>')
      .replace(/[+-]?\d+(\.\d+)?\s?(ms|s|m|h|d)\b( \d+(s|m))?/g, '<time>')
      .replace(/\bnow\b|in( <time>)+|<time> ago/g, '<when>')
      .replace(/^<id>(\s+)\S+(\s+default)/, '<id>$1<host>$2')
      .replace(/\d+(\.\d+)?/g, '<n>')
      .replace(/[-─]{3,}/g, '---')
      .replace(/\s+/g, ' ')
      .trim(),
  )
  return [...new Set(lines)].filter((line) => line !== '').sort()
}
