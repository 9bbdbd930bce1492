import { formatValue } from '../format.js'
import type { Schedule } from '../model.js'

const OVERLAP: Readonly<Record<string, string>> = {
  skip: 'It is skipped while the run before it goes.',
  queue: 'It waits, one at most, while the run before it goes.',
  replace: 'It stops the run before it and takes its place.',
  allow: 'It may run beside the run before it.',
}
const MISFIRE: Readonly<Record<string, string>> = {
  skip: 'What was missed is left out.',
  latest: 'One run makes up for all that was missed.',
  all: 'All that was missed is made up for, in order.',
}
const CRASH: Readonly<Record<string, string>> = {
  skip: 'If its worker dies, the run is not repeated: at most once.',
  rerun: 'If its worker dies, it runs again: at least once.',
}

/** The definition in sentences and as it was written. */
export function PoliciesPanel({ schedule }: { schedule: Schedule }) {
  const { overlap = 'skip', misfire = 'latest', onCrash = 'skip', retries, pauseAfter, given } = schedule
  const sentences = [
    OVERLAP[overlap],
    MISFIRE[misfire],
    CRASH[onCrash],
    retries ? `A failed run is tried ${retries === 1 ? 'once' : `${retries} times`} more.` : undefined,
    pauseAfter ? `It pauses after ${pauseAfter} failures in a row.` : undefined,
  ]
  return (
    <section class="panel" aria-labelledby="definition">
      <div class="panel-head">
        <h2 id="definition">Definition</h2>
      </div>
      <div class="panel-body policies">
        <ul>
          {sentences.filter(Boolean).map((sentence) => (
            <li>{sentence}</li>
          ))}
        </ul>
        <dl class="given">
          {Object.entries(given ?? {}).map(([field, value]) => (
            <div>
              <dt>{field}</dt>
              <dd>
                <code>{formatValue(value)}</code>
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  )
}
