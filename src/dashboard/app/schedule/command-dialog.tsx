import type { Schedule } from '../model.js'
import { Command, commandForEach, commandLine } from '../parts/command.js'
import { Dialog } from '../parts/dialog.js'

type Line = readonly [what: string, line: string]

/** The actions on a schedule as command lines to be copied. */
export function CommandDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const { name, state, next, declared } = schedule
  const lines: readonly Line[] = [
    ['Explain its state', commandLine('explain', name)],
    ['Show its history', commandLine('history', name)],
    ['Show who changed it', commandLine('changes', name)],
    ['Run it now', commandLine('run', name)],
    state === 'paused'
      ? ['Resume it', commandLine('resume', name)]
      : ['Pause it', commandLine('pause', name, '--note', 'why')],
    ['Edit it', commandLine('edit', name)],
    ...(next === null
      ? []
      : [['Skip the next occurrence', commandLine('edit', name, '--set', `skipNext=${next}`)] as const]),
    ...(declared?.differs.length ? [['Undo live edits', commandLine('revert', name)] as const] : []),
    ['Remove it', commandLine('rm', name)],
  ]
  return <CommandList title={`${name} as commands`} lines={lines} onClose={onClose} />
}

/** The actions on many schedules as command lines of a shell. */
export function BulkCommands({ names, onClose }: { names: readonly string[]; onClose: () => void }) {
  const lines: readonly Line[] = [
    ['Pause them', commandForEach(names, 'pause', '--note', 'why')],
    ['Resume them', commandForEach(names, 'resume')],
    ['Run each once, now', commandForEach(names, 'run')],
    ['Remove them', commandLine('rm', ...names)],
  ]
  return <CommandList title={`${names.length} schedules as commands`} lines={lines} onClose={onClose} />
}

function CommandList({ title, lines, onClose }: { title: string; lines: readonly Line[]; onClose: () => void }) {
  return (
    <Dialog title={title} onClose={onClose}>
      {lines.map(([what, line]) => (
        <div class="field" key={what}>
          <span>{what}</span>
          <Command text={line} />
        </div>
      ))}
    </Dialog>
  )
}
