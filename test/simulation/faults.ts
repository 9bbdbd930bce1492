import { createKeys } from '../../src/redis/keys.js'
import { PREFIX, type SimulatedFleet, type SimulatedWorker } from './simulated-fleet.js'

/** A fault and its moment, as far as a scenario says it. */
export interface PlannedFault {
  readonly kind: string
  /** How long after the beginning, ms. */
  readonly atMs: number
  /** The place of the affected worker among the live workers. */
  readonly worker: number
  /** How long it lasts, where it does, ms. */
  readonly lastsMs: number
  /** By how much a clock jumps, or a reply is delayed, ms. */
  readonly byMs: number
}

/** What is to be done later. */
export type Later = (afterMs: number, act: () => Promise<void>) => void

type Inject = (sim: SimulatedFleet, fault: PlannedFault, later: Later) => Promise<void>

/** From now on claims are unknown, until the declared schedules are restored and the leases have ended. */
const LOSS_MS = 8_000
/** The longest that a run which failed waits for its next attempt, ms. */
const RETRY_MS = 15_000
/** Time after a declaration from which a replica certainly has it, ms. */
const DECLARING_MS = 60_000
/** Occurrences of the last moments may have been claimed, or not, in the lost dataset. */
const BEFORE_LOSS_MS = 1_500
/** The most that a clock of the store jumps, ms. */
const MOST_STORE_JUMP_MS = 60_000

function choose(sim: SimulatedFleet, { worker }: PlannedFault): SimulatedWorker {
  return sim.alive[worker % sim.alive.length]!
}

/** A schedule that goes fast at this time, or any other. */
function chooseSchedule(sim: SimulatedFleet, { worker }: PlannedFault): string {
  const { schedules } = sim.scenario
  const now = sim.storeNow()
  const busy = schedules.find(({ stepMs, window }) => window && now >= window.fromMs - stepMs && now <= window.toMs)
  return (busy ?? schedules[worker % schedules.length]!).name
}

const FAULTS: Readonly<Record<string, Inject>> = {
  async kill(sim, fault, later) {
    await sim.kill(choose(sim, fault))
    // A fleet without workers does nothing; it gets one back soon.
    if (sim.alive.length === 0) await sim.join()
    else later(fault.lastsMs, () => sim.join())
  },

  async freeze(sim, fault, later) {
    const worker = choose(sim, fault)
    await sim.setFrozen(worker, true)
    later(fault.lastsMs, () => sim.setFrozen(worker, false))
  },

  async cut(sim, fault, later) {
    const worker = choose(sim, fault)
    await sim.setCut(worker, true)
    later(fault.lastsMs, () => sim.setCut(worker, false))
  },

  async cutAll(sim, fault, later) {
    const all = sim.alive
    for (const worker of all) await sim.setCut(worker, true)
    later(fault.lastsMs, async () => {
      for (const worker of all) await sim.setCut(worker, false)
    })
  },

  async loseReplies(sim, fault, later) {
    const { name } = choose(sim, fault)
    const { network } = sim.surroundings
    network.setDelay(name, Number.POSITIVE_INFINITY)
    later(fault.lastsMs, async () => {
      network.setDelay(name, 0)
      network.breakConnections(name)
      await sim.pass(0)
    })
    await Promise.resolve()
  },

  async delayReplies(sim, fault, later) {
    const { name } = choose(sim, fault)
    sim.surroundings.network.setDelay(name, Math.min(Math.abs(fault.byMs), 60_000))
    later(fault.lastsMs, async () => Promise.resolve(sim.surroundings.network.setDelay(name, 0)))
    await Promise.resolve()
  },

  async wallClock(sim, fault) {
    sim.surroundings.time.setWallOffset(choose(sim, fault).name, fault.byMs)
    await Promise.resolve()
  },

  async storeClock(sim, fault, later) {
    // A large jump moves the clock forward: it ends the leases of running runs.
    const sign = Math.abs(fault.byMs) >= sim.scenario.leaseMs ? 1 : Math.sign(fault.byMs)
    const byMs = sign * Math.min(Math.abs(fault.byMs), MOST_STORE_JUMP_MS)
    const jump = (ms: number): void => {
      sim.time.jump(ms)
      sim.surroundings.storeClock.offsetMs += ms
    }
    jump(byMs)
    later(fault.lastsMs, async () => Promise.resolve(jump(-byMs)))
    await Promise.resolve()
  },

  async flush(sim) {
    if (sim.isFailingOver) return
    noteLoss(sim, sim.monotonicNow(), sim.storeNow())
    sim.declaredAt = sim.monotonicNow()
    await sim.fleet.flush()
  },

  async failover(sim, fault, later) {
    // A worker cannot distinguish a replica that lacks a declaration, but no heartbeat, from a replica that lacks nothing.
    if (sim.isFailingOver || sim.monotonicNow() - sim.declaredAt < DECLARING_MS) return
    const copy = sim.surroundings.store.copyData()
    const copiedAt = sim.monotonicNow()
    sim.isFailingOver = true
    later(Math.min(fault.lastsMs, 3_000), async () => {
      sim.isFailingOver = false
      noteLoss(sim, copiedAt)
      sim.lostWrites.push({ fromMs: copiedAt, toMs: sim.monotonicNow() })
      sim.surroundings.store.takeOver(copy)
      for (const { name } of sim.alive) sim.surroundings.network.breakConnections(name)
      await sim.pass(0)
    })
    await Promise.resolve()
  },

  /** A person edits a definition with plain commands; the deploys that follow must leave it. */
  async edit(sim, fault) {
    await sim.edit(chooseSchedule(sim, fault), `edited at ${fault.atMs}`)
  },

  /** The same, while one worker gets all replies late, and plans by them. */
  async editUnheard(sim, fault, later) {
    await FAULTS['delayReplies']!(sim, fault, later)
    await sim.edit(chooseSchedule(sim, fault), `edited at ${fault.atMs}`)
  },

  /** The state of a schedule that has ended is evicted: it must not run again. */
  async dropState(sim) {
    const db = sim.surroundings.store.database(0)
    const key = createKeys(PREFIX, 0, 1).state('once-kept')
    if (db.read(key, 'hash')?.fields.get('plan') !== '.' || sim.isFailingOver) return
    db.delete(key)
    db.changed(key, 'g', 'del')
    sim.surroundings.store.removeExpired()
    await sim.pass(0)
  },

  join: (sim) => sim.join(),

  async leave(sim, fault) {
    const worker = choose(sim, fault)
    if (sim.alive.length > 1 && !worker.isFrozen && !worker.isCut) await sim.leave(worker)
  },
}

/** Names of all faults. */
export const FAULT_KINDS: readonly string[] = Object.keys(FAULTS)

/** Strikes a fleet. */
export async function inject(sim: SimulatedFleet, fault: PlannedFault, later: Later): Promise<void> {
  sim.note(`fault ${fault.kind} worker ${fault.worker} lasts ${fault.lastsMs} by ${fault.byMs}`)
  sim.troubles.push({ fromMs: sim.monotonicNow(), toMs: sim.monotonicNow() + fault.lastsMs })
  await FAULTS[fault.kind]!(sim, fault, later)
}

/** How long an occurrence may wait behind another one of its schedule that is tried again, ms. */
function longestWait({ scenario }: SimulatedFleet): number {
  return 2 * Math.max(...scenario.schedules.map(({ workMs }) => workMs)) + RETRY_MS
}

/**
 * Occurrences that were due and had not started by then are lost; after another fault there are more of them. A fleet in
 * which no worker reaches the store notices the loss when that fault ends. `lostAt`: on the monotonic clock; `flushedAtMs`:
 * instant of a flush, by the clock of the store.
 */
function noteLoss(sim: SimulatedFleet, lostAt: number, flushedAtMs?: number): void {
  sim.edits.clear()
  const fromMs = sim.time.at(sim.wellUntil(lostAt)) - BEFORE_LOSS_MS - longestWait(sim)
  const nowMs = sim.monotonicNow()
  const isReached = sim.alive.some(({ isFrozen, isCut }) => !isFrozen && !isCut)
  const troubledUntilMs = Math.max(nowMs, ...sim.troubles.map(({ toMs }) => toMs))
  const unnoticedMs = isReached ? 0 : troubledUntilMs - nowMs
  const toMs = sim.storeNow() + unnoticedMs + LOSS_MS + sim.scenario.leaseMs
  sim.dataLoss.push({ fromMs, toMs, ...(flushedAtMs === undefined ? {} : { flushedAtMs }) })
}
