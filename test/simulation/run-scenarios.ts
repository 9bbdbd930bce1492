import { rewriterOf } from './mutants.js'
import { play } from './play.js'
import { generateScenario } from './scenario.js'

/** How many hours one fleet lives. */
export const HOURS_PER_SCENARIO = 5

/** Which scenarios, and on which engine. */
export interface Series {
  readonly firstSeed: number
  /** From one seed to the next. */
  readonly step: number
  readonly count: number
  /** A fault of the engine; null for the engine as it is. */
  readonly mutant: string | null
}

/** What came of one scenario. */
export interface ScenarioReport {
  readonly seed: number
  readonly hours: number
  readonly injections: number
  readonly checked: number
  readonly started: number
  readonly problems: readonly string[]
}

/** Runs scenarios one after the other, and reports each; ends early when the listener returns false. */
export async function runScenarios(series: Series, tell: (report: ScenarioReport) => boolean): Promise<void> {
  const engine = series.mutant === null ? {} : { rewriteScript: rewriterOf(series.mutant) }
  for (let index = 0; index < series.count; index += 1) {
    const seed = series.firstSeed + index * series.step
    const { findings, injections } = await play(generateScenario(seed, HOURS_PER_SCENARIO), engine)
    const { checked, started, problems } = findings
    if (!tell({ seed, hours: HOURS_PER_SCENARIO, injections, checked, started, problems })) return
  }
}
