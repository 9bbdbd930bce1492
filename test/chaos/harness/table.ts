import type { ScenarioResult } from './scenario.js'

/** The results as a Markdown table, one row for each fault. */
export function formatTable(results: readonly ScenarioResult[]): string {
  const head = ['fault', 'injected', 'occurrences', 'doubled', 'lost', 'forgotten', 'not in the history once']
  const rows = results.map((result) => [
    result.fault,
    result.injections,
    result.checked,
    result.doubled + result.together,
    result.lost,
    result.forgotten,
    result.unrecorded,
    result.skipped,
    result.abandoned,
    result.redelivered,
    `${Math.round(result.longestDelayMs)} ms`,
  ])
  const lines = [[...head, 'skipped', 'abandoned', 'delivered again', 'longest delay'], head.concat('', '', '', '')]
  lines[1] = lines[1]!.map(() => '---')
  return [...lines, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
