import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { PROJECT_DIR } from '../../support/build.js'
import type { ScenarioResult } from './scenario.js'

const DOCUMENT = join(PROJECT_DIR, 'docs/reliability.md')
const BEGIN = '<!-- chaos: npm run chaos -- --write puts its figures here -->\n'
const END = '<!-- /chaos -->'

/** The results as a Markdown table, one row for each fault. */
export function formatTable(results: readonly ScenarioResult[]): string {
  const rows = results.map((result) => [
    result.fault,
    result.promise,
    result.injections,
    result.checked,
    result.doubled + result.together,
    result.lost,
    result.forgotten,
    result.early + result.fences + result.unrecorded,
    result.skipped,
    result.abandoned,
    result.redelivered,
    `${Math.round(result.longestDelayMs)} ms`,
  ])
  const head = ['fault', 'promise', 'injected', 'occurrences', 'doubled', 'lost', 'forgotten', 'otherwise wrong']
  head.push('skipped', 'abandoned', 'delivered again', 'longest delay')
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** Puts a table and the line that says where it comes from into the page on reliability. */
export async function writeTable(table: string, origin: string): Promise<void> {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no place for the table: ${BEGIN.trim()} … ${END}`)
  const changed = `${text.slice(0, from + BEGIN.length)}\n${table}\n${origin}\n\n${text.slice(to)}`
  const options = { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT }
  writeFileSync(DOCUMENT, await format(changed, options))
}
