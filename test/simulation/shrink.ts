import { play } from './play.js'
import type { Scenario } from './scenario.js'
import type { Engine } from './simulated-fleet.js'

/** How many smaller scenarios are tried at the most. */
const MOST_TRIES = 120
const HOUR_MS = 3_600_000
/** How long after its last fault a scenario still fails, if it does because of it, hours. */
const TAIL_HOURS = 0.5

/** A scenario that still fails, with as few faults, schedules and workers as were found to do. */
export async function shrink(scenario: Scenario, engine: Engine = {}): Promise<Scenario> {
  let left = MOST_TRIES
  let smallest = scenario
  const keepIfFails = async (smaller: Scenario): Promise<boolean> => {
    if (left <= 0) return false
    left -= 1
    const { findings } = await play(smaller, engine)
    if (findings.problems.length === 0) return false
    smallest = smaller
    return true
  }
  await dropSome(smallest.faults, (faults) => keepIfFails({ ...smallest, faults }))
  await dropSome(smallest.schedules, async (schedules) => {
    return schedules.length > 0 && (await keepIfFails({ ...smallest, schedules }))
  })
  while (smallest.workerCount > 1 && (await keepIfFails({ ...smallest, workerCount: smallest.workerCount - 1 })));
  const hours = (smallest.faults.at(-1)?.atMs ?? 0) / HOUR_MS + TAIL_HOURS
  if (hours < smallest.hours) await keepIfFails({ ...smallest, hours })
  return smallest
}

/** Leaves out parts of a list, large ones first, as long as the rest is accepted. */
async function dropSome<Item>(
  list: readonly Item[],
  accept: (rest: readonly Item[]) => Promise<boolean>,
): Promise<void> {
  let kept = list
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length;) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)]
      if (await accept(rest)) kept = rest
      else at += size
    }
  }
}
