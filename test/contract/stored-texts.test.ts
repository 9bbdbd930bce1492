import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { listFiles } from '../support/sources.js'

/** The one TypeScript file that knows the form of a plan, and the one that knows the forms of a run. */
const PLAN_FILE = 'schedule/plan-text.ts'
const RUN_FILE = 'schedule/stored-run.ts'

/** Reads a plan without its reader: takes its text apart, looks into it, or writes its end. */
const PRIVATE_PLAN =
  /\b\w*[pP]lan(?:Left|Text)?\??!?(?: \?\? '')?\)?\.(?:split|slice|indexOf|lastIndexOf|includes|endsWith|startsWith|match)\(|\b(?:parseInt|Number|exec|test)\([^()]*\b(?:\w*[pP]lan)\b(?! ?[:=(])|'\.' as plan|PLAN_END = /
/** Reads a run without its reader: a letter of it, or its text as JSON. */
const PRIVATE_RUN = /\brun\??\.[nfadswmklrptxc]\b|JSON\.parse\((?:runText|run|text\[?.*run:)/

const sources = listFiles('src')
  .filter((path) => /\.tsx?$/.test(path) && path !== 'redis/scripts/generated.ts')
  .map((path) => [path, readFileSync(join(PROJECT_DIR, 'src', path), 'utf8')] as const)

function findLines(pattern: RegExp, but: string): string[] {
  return sources.flatMap(([path, text]) =>
    path === but
      ? []
      : text
          .split('\n')
          .filter((line) => pattern.test(line))
          .map((line) => `${path}: ${line.trim()}`),
  )
}

it('only plan-text.ts reads and writes the text of a plan', () => {
  expect(findLines(PRIVATE_PLAN, PLAN_FILE)).toEqual([])
})

it('only stored-run.ts reads the text of a run', () => {
  expect(findLines(PRIVATE_RUN, RUN_FILE)).toEqual([])
})

it.each([
  "const items = state.plan.split(' ')",
  'const head = Number.parseInt(schedule.state.plan, 10)',
  "if (remainingPlan.includes(' ')) return null",
  "const item = /^-?\\d+/.exec(schedule.state.plan ?? '')",
])('a private reading of a plan is found: %s', (line) => {
  expect(PRIVATE_PLAN.test(line)).toBe(true)
})

it.each(['if (run.w !== undefined) return', 'const at = Number(run.n)'])(
  'a private reading of a run is found: %s',
  (line) => {
    expect(PRIVATE_RUN.test(line)).toBe(true)
  },
)
