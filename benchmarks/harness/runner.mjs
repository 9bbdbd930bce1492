import { waitForCalm } from './machine.mjs'
import { openStage } from './stage.mjs'
import { medianOfSamples } from './statistics.mjs'

// Other programs on the same cores spoil lateness first.
const CALM_WAIT_MS = 30_000
const MEASUREMENT_LIMIT_MS = 15 * 60_000

/**
 * Runs one scenario: for each cell, `repeats` rounds, and in each round every driver once, so that peers and Everybeat
 * alternate and a slow minute of the machine hits all of them. Gives one row per cell and driver:
 * `{ cell, driver, samples, median }` or `{ cell, driver, refused }`.
 */
export async function runScenario(
  scenario,
  { drivers, repeats, quick, hurry, profileDirectory, cellFilter, progress },
) {
  const rows = []
  for (const cell of scenario.cells({ quick }).filter(({ label }) => label.includes(cellFilter))) {
    const cellRows = drivers.map((driver) => ({
      cell: cell.label,
      driver,
      refused: scenario.refuse(driver, cell),
      samples: [],
    }))
    rows.push(...cellRows)
    const rounds = scenario.samplesItself ? 1 : repeats
    for (let round = 0; round < rounds; round += 1) {
      for (const row of cellRows) {
        if (row.refused || row.failed) continue
        const label = `${scenario.name} · ${cell.label} · ${row.driver} · ${round + 1}/${rounds}`
        progress(label)
        const options = { driver: row.driver, repeats, quick, progress: (text) => progress(`${label} · ${text}`) }
        try {
          const calm = (await waitForCalm(hurry ? 0 : CALM_WAIT_MS)) ? 1 : 0
          const samples = [await measure(scenario, cell, options, { profileDirectory })].flat()
          row.samples.push(...samples.map((sample) => ({ ...sample, calm })))
        } catch (error) {
          row.failed = firstLine(error)
          progress(`${label} · FAILED: ${String(error.stack ?? error).slice(0, 1000)}`)
        }
      }
    }
    for (const row of cellRows) if (row.samples.length > 0) row.median = medianOfSamples(row.samples)
  }
  return rows
}

async function measure(scenario, cell, options, stageOptions) {
  if (scenario.opensStages) {
    return withLimit(scenario.measure(() => openStage(options.driver, stageOptions), cell, options))
  }
  const stage = await openStage(options.driver, stageOptions)
  try {
    return await withLimit(scenario.measure(stage, cell, options))
  } finally {
    await stage.close()
  }
}

async function withLimit(promise) {
  let timer
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('the measurement took too long')), MEASUREMENT_LIMIT_MS)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

function firstLine(error) {
  return String(error?.message ?? error)
    .split('\n')[0]
    .slice(0, 100)
}
