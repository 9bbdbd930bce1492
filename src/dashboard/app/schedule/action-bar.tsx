import { attempt, pauseMany, removeMany, resumeMany, runNow } from '../actions.js'
import { schedulePath, write } from '../api.js'
import { formatInstant } from '../format.js'
import { go, pageUrl, query, setQuery } from '../location.js'
import type { Schedule } from '../model.js'
import { Icon } from '../parts/icon.js'
import { mayEdit, mayOperate } from '../parts/may.js'
import { Menu, type MenuItem } from '../parts/menu.js'
import { toast } from '../parts/toast.js'
import { BackfillDialog } from './backfill-dialog.js'
import { CommandDialog } from './command-dialog.js'
import { PauseDialog } from './pause-dialog.js'
import { RunDialog } from './run-dialog.js'

/** Opens a dialog, which the address names, so that a link to it can be sent. */
function ask(what: string): void {
  setQuery({ do: what }, { replace: false })
}

/** The actions on a schedule that the role of the user allows. */
export function ActionBar({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const { name, state } = schedule
  return (
    <div class="spread">
      {mayOperate() && state === 'paused' && (
        <button class="button" onClick={() => void resumeMany([schedule], reload)}>
          <Icon name="play" />
          Resume
        </button>
      )}
      {mayOperate() && state === 'active' && (
        <button class="button" onClick={() => ask('pause')}>
          <Icon name="pause" />
          Pause…
        </button>
      )}
      {mayEdit() && (
        <a class="button" href={pageUrl('schedules', name, 'edit')}>
          Edit
        </a>
      )}
      <Menu label="More" items={menuItems(schedule, reload)} />
      {mayOperate() && (
        <button class="button primary" onClick={() => void runNow(name).then(reload)}>
          Run now
        </button>
      )}
    </div>
  )
}

function menuItems({ name, state }: Schedule, reload: () => void): MenuItem[] {
  const skipNext = () =>
    attempt(async () => {
      const { skipped } = await write<{ skipped: string }>('POST', schedulePath(name, 'skip-next'))
      toast(`${name} will skip ${formatInstant(skipped)} UTC`)
      reload()
    })
  const remove = () => {
    removeMany([name], () => undefined)
    go(pageUrl('schedules'))
  }
  const operations: readonly MenuItem[] = [
    { label: 'Run with a payload…', run: () => ask('run') },
    { label: 'Skip the next occurrence', isOff: state !== 'active', run: () => void skipNext() },
    { label: 'Backfill…', run: () => ask('backfill') },
  ]
  return [
    ...(mayOperate() ? operations : []),
    { label: 'As commands…', run: () => ask('commands') },
    ...(mayEdit() ? [{ label: 'Remove', isDanger: true, run: remove }] : []),
  ]
}

/** The dialog that the address names. */
export function ActionDialogs({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const { name } = schedule
  const close = () => setQuery({ do: null })
  switch (query.value.get('do')) {
    case 'pause':
      return (
        <PauseDialog
          names={[name]}
          onClose={close}
          onPause={(options) => {
            close()
            void pauseMany([name], options, reload)
          }}
        />
      )
    case 'run':
      return <RunDialog schedule={schedule} onClose={close} onDone={reload} />
    case 'backfill':
      return <BackfillDialog name={name} onClose={close} onDone={reload} />
    case 'commands':
      return <CommandDialog schedule={schedule} onClose={close} />
    default:
      return null
  }
}
