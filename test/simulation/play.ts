import { check, type Findings } from '../chaos/harness/check.js'
import { toEntry, type HistoryRecord } from '../chaos/harness/history-reader.js'
import { createKeys } from '../../src/redis/keys.js'
import { inject } from './faults.js'
import type { Scenario } from './scenario.js'
import { PREFIX, SimulatedFleet, type Engine } from './simulated-fleet.js'

/** What came of a scenario. */
export interface Outcome {
  readonly findings: Findings
  /** What happened, one line each. */
  readonly log: readonly string[]
  readonly injections: number
}

/** How long after the last fault everything must have come to its end, beside leases and the longest handler, ms. */
const RECOVERY_MS = 180_000

/** Plays a scenario to its end and holds what happened against what the definitions alone say. */
export async function play(scenario: Scenario, engine: Engine = {}): Promise<Outcome> {
  await using sim = new SimulatedFleet(scenario, engine)
  for (let count = 0; count < scenario.workerCount; count += 1) await sim.join()
  const fromMs = sim.storeNow()
  const records = new Map<string, HistoryRecord>()
  const injections = await strikeAll(sim, records)
  const toMs = sim.time.highest()
  const longest = scenario.schedules.map(({ workMs, jitterMs }) => workMs * 2 + jitterMs)
  await sim.pass(Math.max(0, toMs - sim.storeNow()) + Math.max(...longest) + scenario.leaseMs * 3 + RECOVERY_MS)
  collect(sim, records)
  const findings = check({
    schedules: scenario.schedules,
    fromMs,
    toMs,
    spans: sim.spans(),
    records: [...records.values()],
    time: sim.time,
    leaseMs: scenario.leaseMs,
    dataLoss: sim.dataLoss,
    lostWrites: sim.lostWrites,
    repliesAreLate: scenario.faults.some(({ kind }) => kind === 'editUnheard' || kind === 'delayReplies'),
  })
  findings.problems.push(...sim.undoneEdits())
  return { findings, log: sim.log, injections }
}

/** How often the histories are read at least, ms: they go with schedules that are removed. */
const COLLECT_MS = 900_000

/** Lets the time of a scenario pass, with its faults. Gives how many there were. */
async function strikeAll(sim: SimulatedFleet, records: Map<string, HistoryRecord>): Promise<number> {
  const beganAt = sim.surroundings.time.nowMs
  const atOf = (): number => sim.surroundings.time.nowMs - beganAt
  const planned = [...sim.scenario.faults]
  const undone: { at: number; act: () => Promise<void> }[] = []
  const endMs = sim.scenario.hours * 3_600_000
  for (;;) {
    const [fault] = planned
    const [undo] = undone.sort((first, second) => first.at - second.at)
    const next = Math.min(fault?.atMs ?? endMs, undo?.at ?? endMs, endMs, atOf() + COLLECT_MS)
    if (next > atOf()) await sim.pass(next - atOf())
    collect(sim, records)
    if (next >= endMs && !(fault && fault.atMs <= endMs)) break
    if (undo && undo.at <= atOf()) {
      undone.shift()
      await undo.act()
    } else if (fault && fault.atMs <= atOf()) {
      planned.shift()
      await inject(sim, fault, (afterMs, act) => void undone.push({ at: atOf() + afterMs, act }))
    }
  }
  for (const { act } of undone) await act()
  await sim.recover()
  return sim.scenario.faults.length
}

/** Reads the histories as they stand. */
function collect(sim: SimulatedFleet, records: Map<string, HistoryRecord>): void {
  // What is about to be forgotten was never written.
  if (sim.isFailingOver) return
  const keys = createKeys(PREFIX, 0, 1)
  for (const { name } of sim.scenario.schedules) {
    const entries = sim.surroundings.store.database(0).read(keys.history(name), 'stream')?.stream.entries ?? []
    for (const { id, fields } of entries) records.set(`${name} ${id.ms}-${id.seq}`, toEntry(name, fields))
  }
}
