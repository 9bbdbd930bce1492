import { useSignal, type Signal } from '@preact/signals'
import { pauseMany, removeMany, resumeMany } from '../actions.js'
import { plural } from '../format.js'
import type { ListedSchedule } from '../model.js'
import { Icon } from '../parts/icon.js'
import { mayEdit, mayOperate } from '../parts/may.js'
import { BulkCommands } from './command-dialog.js'
import { PauseDialog } from './pause-dialog.js'

interface BulkProps {
  readonly selected: Signal<ReadonlySet<string>>
  readonly schedules: readonly ListedSchedule[]
  reload(): void
}

/** The actions on the selected schedules; every action can be undone for ten seconds. */
export function BulkBar({ selected, schedules, reload }: BulkProps) {
  const opened = useSignal<'pause' | 'commands' | null>(null)
  const names = [...selected.value]
  if (names.length === 0 || !mayOperate()) return null
  const clear = () => (selected.value = new Set())
  const close = () => (opened.value = null)
  const done = () => {
    clear()
    reload()
  }
  const remove = () => {
    removeMany(names, reload)
    clear()
  }
  const paused = schedules.filter(({ name, state }) => state === 'paused' && selected.value.has(name))
  const pausable = names.filter((name) => !paused.some((schedule) => schedule.name === name))
  return (
    <div class="bulk" role="toolbar" aria-label="Selected schedules">
      <b>{plural(names.length, 'schedule')}</b>
      <BulkButtons {...{ names, pausable, paused, opened, done }} onRemove={remove} />
      <button class="button quiet icon" aria-label="Select none" onClick={clear}>
        <Icon name="cross" />
      </button>
      {opened.value === 'pause' && (
        <PauseDialog
          names={pausable}
          onClose={close}
          onPause={(options) => {
            close()
            void pauseMany(pausable, options, done)
          }}
        />
      )}
      {opened.value === 'commands' && <BulkCommands names={names} onClose={close} />}
    </div>
  )
}

function BulkButtons(props: {
  names: readonly string[]
  pausable: readonly string[]
  paused: readonly ListedSchedule[]
  opened: Signal<'pause' | 'commands' | null>
  done: () => void
  onRemove: () => void
}) {
  const { names, pausable, paused, opened, done, onRemove } = props
  return (
    <>
      {pausable.length > 0 && (
        <button class="button small" onClick={() => (opened.value = 'pause')}>
          <Icon name="pause" />
          Pause…
        </button>
      )}
      {paused.length > 0 && (
        <button class="button small" onClick={() => void resumeMany(paused, done)}>
          <Icon name="play" />
          Resume {paused.length < names.length ? paused.length : ''}
        </button>
      )}
      {mayEdit() && (
        <button class="button small danger" onClick={onRemove}>
          Remove
        </button>
      )}
      <button class="button small quiet" onClick={() => (opened.value = 'commands')}>
        <Icon name="copy" />
        As commands
      </button>
    </>
  )
}
