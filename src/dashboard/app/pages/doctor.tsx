import { useApi } from '../data.js'
import type { Finding } from '../model.js'
import { Badge } from '../parts/badge.js'
import { commandLine, Command } from '../parts/command.js'
import { Failure, Skeleton } from '../parts/states.js'

const ORDER = ['problem', 'warning', 'ok'] as const

/** The problems of Redis, the fleet and its schedules, each with its cause and its remedy. */
export function DoctorPage() {
  const { data, error, isLoading, reload } = useApi<{ ok: boolean; findings: readonly Finding[] }>('doctor')
  const diagnosis = data.value
  const findings = ORDER.flatMap((level) => diagnosis?.findings.filter((finding) => finding.level === level) ?? [])
  return (
    <>
      <div class="head">
        <h1>Doctor</h1>
        {diagnosis &&
          (diagnosis.ok ? (
            <Badge tone="ok" icon="check">
              no problem
            </Badge>
          ) : (
            <Badge tone="bad" icon="alert">
              problems
            </Badge>
          ))}
        <div class="spread">
          <button class="button" disabled={isLoading.value} onClick={reload}>
            Check again
          </button>
        </div>
      </div>
      <section class="panel" aria-label="Findings" aria-busy={isLoading.value}>
        {error.value && !diagnosis ? (
          <Failure error={error.value} retry={reload} />
        ) : !diagnosis ? (
          <Skeleton lines={8} />
        ) : (
          <ul class="findings">
            {findings.map((finding) => (
              <FindingRow finding={finding} />
            ))}
          </ul>
        )}
      </section>
      {diagnosis && <Command text={commandLine('doctor')} />}
    </>
  )
}

function FindingRow({ finding: { level, check, message, why, advice } }: { finding: Finding }) {
  return (
    <li>
      <span class="level">
        {level === 'ok' ? (
          <Badge tone="ok" icon="check">
            ok
          </Badge>
        ) : level === 'warning' ? (
          <Badge tone="late" icon="alert">
            warning
          </Badge>
        ) : (
          <Badge tone="bad" icon="cross">
            problem
          </Badge>
        )}
      </span>
      <div>
        <b class="check-name">{check.replaceAll('-', ' ')}</b>
        <p>{message}</p>
        {why && <p class="soft">{why}</p>}
        {advice && <p class="advice">{advice}</p>}
      </div>
    </li>
  )
}
