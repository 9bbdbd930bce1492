import { useSignal } from '@preact/signals'
import { go, pageUrl } from '../location.js'
import { Icon } from './icon.js'

/** The search of every page except the page of schedules, which Enter opens. */
export function SearchBox() {
  const text = useSignal('')
  const find = (event: Event) => {
    event.preventDefault()
    go(`${pageUrl('schedules')}${text.value === '' ? '' : `?q=${encodeURIComponent(text.value)}`}`)
  }
  return (
    <form class="search" role="search" onSubmit={find}>
      <Icon name="search" />
      <input
        type="search"
        aria-label="Find a schedule, task or tag"
        placeholder="Find a schedule, task or tag"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
      <kbd>/</kbd>
    </form>
  )
}
