import type { Schedule } from '../model.js'
import { Command, commandLine } from '../parts/command.js'
import { Dialog } from '../parts/dialog.js'

/** What can be done with a schedule, as command lines to be copied. */
export function CommandDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const { name, state } = schedule
  const lines: readonly (readonly [what: string, line: string])[] = [
    ['Say why it is as it is', commandLine('explain', name)],
    ['Show its history', commandLine('history', name)],
    ['Run it now', commandLine('run', name)],
    state === 'paused'
      ? ['Resume it', commandLine('resume', name)]
      : ['Pause it', commandLine('pause', name, '--note', 'why')],
    ['Edit it', commandLine('edit', name)],
    ['Remove it', commandLine('rm', name)],
  ]
  return (
    <Dialog title={`${name} as commands`} onClose={onClose}>
      {lines.map(([what, line]) => (
        <div class="field">
          <span>{what}</span>
          <Command text={line} />
        </div>
      ))}
    </Dialog>
  )
}
