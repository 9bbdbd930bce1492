import { useSignal, type Signal } from '@preact/signals'
import { pauseMany, removeMany, resumeMany } from '../actions.js'
import { plural } from '../format.js'
import type { ListedSchedule } from '../model.js'
import { Icon } from '../parts/icon.js'
import { mayEdit, mayOperate } from '../parts/may.js'
import { PauseDialog } from './pause-dialog.js'

/** What can be done with the selected schedules. */
export function BulkBar(props: {
  selected: Signal<ReadonlySet<string>>
  schedules: readonly ListedSchedule[]
  reload: () => void
}) {
  const { selected, schedules, reload } = props
  const isPausing = useSignal(false)
  const names = [...selected.value]
  if (names.length === 0 || !mayOperate()) return null
  const clear = () => (selected.value = new Set())
  const done = () => {
    clear()
    reload()
  }
  const paused = new Set(schedules.filter(({ state }) => state === 'paused').map(({ name }) => name))
  const resumable = names.filter((name) => paused.has(name))
  const pausable = names.filter((name) => !paused.has(name))
  return (
    <div class="bulk" role="toolbar" aria-label="Selected schedules">
      <b>{plural(names.length, 'schedule')}</b>
      {pausable.length > 0 && (
        <button class="button small" onClick={() => (isPausing.value = true)}>
          <Icon name="pause" />
          Pause…
        </button>
      )}
      {resumable.length > 0 && (
        <button class="button small" onClick={() => void resumeMany(resumable, done)}>
          <Icon name="play" />
          Resume {resumable.length < names.length ? resumable.length : ''}
        </button>
      )}
      {mayEdit() && (
        <button
          class="button small danger"
          onClick={() => {
            removeMany(names, reload)
            clear()
          }}
        >
          Remove
        </button>
      )}
      <button class="button quiet icon" aria-label="Select none" onClick={clear}>
        <Icon name="cross" />
      </button>
      {isPausing.value && (
        <PauseDialog
          names={pausable}
          onClose={() => (isPausing.value = false)}
          onPause={(options) => {
            isPausing.value = false
            void pauseMany(pausable, options, done)
          }}
        />
      )}
    </div>
  )
}
