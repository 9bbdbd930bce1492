import { now } from '../data.js'
import { formatInstant, formatRelative } from '../format.js'
import type { Explanation, NextInstant, Schedule } from '../model.js'
import { Skeleton } from '../parts/states.js'

const GRAVE = ['invalid', 'failing', 'no-fleet', 'pool-empty', 'no-worker', 'late', 'workers-full', 'task-full']
const QUIET = ['paused', 'disabled', 'finished', 'clock', 'asked', 'queued', 'backfill']

/** The explanation of a schedule: its waits, its next fire, the outcome of its last occurrence, and remedies. */
export function WhyPanel({ explanation, schedule }: { explanation: Explanation | null; schedule: Schedule }) {
  if (!explanation) {
    return (
      <section class="panel">
        <Skeleton />
      </section>
    )
  }
  const { next, last, reasons, advice } = explanation
  return (
    <section class="panel" aria-labelledby="why">
      <div class="panel-head">
        <h2 id="why">Why it fires, or does not</h2>
      </div>
      <div class="why">
        {reasons.map(({ code, message }) => (
          <p class={GRAVE.includes(code) ? 'grave' : QUIET.includes(code) ? 'quiet' : ''}>{capitalized(message)}.</p>
        ))}
        {next ? (
          <p class={Date.parse(next.at) < now.value - 5_000 ? 'grave' : ''}>
            It fires next at <time dateTime={next.at}>{formatInstant(next.at)}</time> UTC, by {next.why}.
          </p>
        ) : (
          schedule.state !== 'invalid' && <p class="quiet">No occurrence is planned.</p>
        )}
        {last ? (
          <p
            class={
              last.outcome === 'ok'
                ? 'fine'
                : last.outcome === 'skipped' || last.outcome === 'cancelled'
                  ? 'quiet'
                  : 'grave'
            }
          >
            The last occurrence, <time dateTime={last.at}>{formatInstant(last.at)}</time>, {last.outcome}: {last.why}.
          </p>
        ) : (
          <p class="quiet">Its history is empty.</p>
        )}
        {advice.map((line) => (
          <p class="advice">{capitalized(line)}.</p>
        ))}
      </div>
    </section>
  )
}

/** The next instants by the clock of the schedule's zone, with the effects of clock changes on them. */
export function NextPanel({ schedule, next }: { schedule: Schedule; next: readonly NextInstant[] | null }) {
  const zone = schedule.tz ?? 'UTC'
  return (
    <section class="panel" aria-labelledby="next-instants">
      <div class="panel-head">
        <h2 id="next-instants">
          Next<small>{zone === 'UTC' ? 'UTC' : `${zone}, and UTC`}</small>
        </h2>
      </div>
      {!next ? (
        <Skeleton />
      ) : next.length === 0 || schedule.state !== 'active' ? (
        <p class="panel-body soft">
          {schedule.state === 'paused'
            ? 'No occurrence fires while the schedule is paused.'
            : schedule.state === 'finished'
              ? 'The schedule is finished: it has no further occurrence.'
              : 'No occurrence is planned.'}
        </p>
      ) : (
        <ol class="instants">
          {next.map(({ at, local, note }) => (
            <li key={at}>
              <span class="num">{formatRelative(at, now.value)}</span>
              <span class="num">
                {formatInstant(`${local.slice(0, 10)}T${local.slice(11, 19)}Z`)}
                {note && <em class="dst">{note}</em>}
              </span>
              {zone !== 'UTC' && (
                <time class="mono soft hide-phone" dateTime={at}>
                  {at.slice(11, 19)}Z
                </time>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '')
}
