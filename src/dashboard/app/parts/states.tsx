import type { ApiError } from '../api.js'
import { Command } from './command.js'
import { Icon, type IconName } from './icon.js'

/** Shown in place of an empty list: its meaning and a remedy. */
export function Empty(props: { icon: IconName; title: string; children?: preact.ComponentChildren; command?: string }) {
  return (
    <div class="empty">
      <Icon name={props.icon} />
      <h2>{props.title}</h2>
      {props.children && <p>{props.children}</p>}
      {props.command && <Command text={props.command} />}
    </div>
  )
}

/** Shown in place of a part that failed, with a button to try again. */
export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="empty" role="alert">
      <Icon name="alert" />
      <h2>{error.status === 0 ? 'No answer' : String(error.problem['title'] ?? 'The request failed')}</h2>
      <p>{error.message}</p>
      {retry && (
        <button class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Shown in place of a part that is being loaded. */
export function Skeleton({ lines = 5 }: { lines?: number }) {
  return (
    <div class="panel-body skeletons" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span class="skeleton" style={{ width: `${92 - ((index * 23) % 50)}%` }} />
      ))}
    </div>
  )
}
