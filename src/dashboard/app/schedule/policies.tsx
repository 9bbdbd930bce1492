import { formatValue } from '../format.js'
import type { Schedule } from '../model.js'

const OVERLAP: Readonly<Record<string, string>> = {
  skip: 'An occurrence is skipped while the previous run is running.',
  queue: 'One occurrence at most waits for the previous run to end.',
  replace: 'An occurrence stops the previous run and replaces it.',
  allow: 'Runs may overlap: an occurrence does not wait for the previous run.',
}
const MISFIRE: Readonly<Record<string, string>> = {
  skip: 'Missed occurrences are skipped.',
  latest: 'One run makes up for all missed occurrences.',
  all: 'Missed occurrences run late, in order.',
}
const CRASH: Readonly<Record<string, string>> = {
  skip: 'A run whose worker dies is not repeated: at most once.',
  rerun: 'A run whose worker dies runs again: at least once.',
}

/** The definition in sentences, and its given fields. */
export function PoliciesPanel({ schedule }: { schedule: Schedule }) {
  const { overlap = 'skip', misfire = 'latest', onCrash = 'skip', retries, pauseAfter, given } = schedule
  const sentences = [
    OVERLAP[overlap],
    MISFIRE[misfire],
    CRASH[onCrash],
    retries ? `A failed run is retried, at most ${retries === 1 ? 'once' : `${retries} times`}.` : undefined,
    pauseAfter ? `The schedule pauses after ${pauseAfter} failures in a row.` : undefined,
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
