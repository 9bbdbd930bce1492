import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Fleet {
  schedules?: number
  firesPerSecond: number
  workers: number
  concurrency?: number
  shards?: number
  runSeconds?: number
  aligned?: number
  seconds?: number
  historyCount?: number
  sameInstant?: number
  seed?: number
}
interface Model {
  MEASURED: { fireMicroseconds: number; scheduleBytes: number; historyBytes: number }
  planCapacity(fleet: Fleet): {
    utilization: number
    shardsNeeded: number
    bytes: number
    historyShare: number
    herdSeconds: number
  }
  slotsNeeded(firesPerSecond: number, runSeconds: number, peak?: number): number
  fireSeconds(workers: number): number
}
interface Simulation {
  simulateFleet(fleet: Fleet): { fires: number; p50: number; p99: number; worst: number; growth: number }
}

const folder = new URL('../../../benchmarks/', import.meta.url)
const load = async <Module>(name: string) => (await import(new URL(name, folder).href)) as Module
const { MEASURED, fireSeconds, planCapacity, slotsNeeded } = await load<Model>('capacity-model.mjs')
const { simulateFleet } = await load<Simulation>('simulate-capacity.mjs')
const WORKERS = 40
const ceilingPerSecond = 1 / fireSeconds(WORKERS)

describe('the capacity model and the simulation agree', () => {
  it.each([0.1, 0.3, 0.5])(
    'the capacity model and the simulation agree that spread fires at %d of the ceiling start within milliseconds',
    (share) => {
      const firesPerSecond = ceilingPerSecond * share
      const { p99, growth } = simulateFleet({ firesPerSecond, seconds: 10, workers: WORKERS, runSeconds: 0.01 })
      expect(planCapacity({ schedules: 1e5, firesPerSecond, workers: WORKERS }).shardsNeeded).toBeLessThanOrEqual(2)
      expect(p99).toBeLessThan(0.005)
      expect(growth).toBeLessThan(1.5)
    },
  )

  it('the capacity model and the simulation agree that a fleet above the ceiling falls behind for good, and that the recommended shards end that', () => {
    const fleet = {
      firesPerSecond: ceilingPerSecond * 1.3,
      seconds: 10,
      workers: WORKERS,
      concurrency: 500,
      runSeconds: 0.01,
    }
    const behind = simulateFleet(fleet)
    expect(behind.growth).toBeGreaterThan(1.5)
    expect(behind.worst).toBeGreaterThan(1)
    const { shardsNeeded } = planCapacity({ schedules: 1e6, ...fleet })
    expect(shardsNeeded).toBeGreaterThan(1)
    expect(simulateFleet({ ...fleet, shards: shardsNeeded }).p99).toBeLessThan(0.01)
  })

  it.each([1, 4])(
    'the capacity model and the simulation agree on when the last of many schedules of one instant starts, with %d shards',
    (shards) => {
      const sameInstant = 2_000
      const plan = planCapacity({
        schedules: sameInstant,
        firesPerSecond: sameInstant,
        workers: WORKERS,
        shards,
        sameInstant,
      })
      const { worst } = simulateFleet({
        firesPerSecond: sameInstant,
        seconds: 5,
        workers: WORKERS,
        concurrency: 500,
        shards,
        aligned: 1,
        runSeconds: 0.001,
      })
      expect(worst / plan.herdSeconds).toBeGreaterThan(0.9)
      expect(worst / plan.herdSeconds).toBeLessThan(1.3)
    },
  )

  it('the capacity model and the simulation agree that a fleet with too few slots falls behind, and that a fleet with enough slots does not', () => {
    const base = { firesPerSecond: 500, seconds: 30, runSeconds: 1, concurrency: 50 }
    const enough = Math.ceil(slotsNeeded(base.firesPerSecond, base.runSeconds) / base.concurrency)
    expect(simulateFleet({ ...base, workers: enough }).p99).toBeLessThan(0.05)
    expect(simulateFleet({ ...base, workers: Math.floor(enough * 0.4) }).worst).toBeGreaterThan(2)
  })

  it('the capacity model and the simulation agree that a hundred million hourly schedules on the shards of the worked example are on time', () => {
    const firesPerSecond = 1e8 / 3600
    const { shardsNeeded, bytes, historyShare } = planCapacity({
      schedules: 1e8,
      firesPerSecond,
      workers: 100,
      historyCount: 20,
    })
    const result = simulateFleet({
      firesPerSecond,
      seconds: 20,
      workers: 100,
      concurrency: 300,
      shards: shardsNeeded,
      runSeconds: 0.5,
    })
    expect(result.p99).toBeLessThan(0.01)
    expect(bytes).toBeGreaterThan(1e8 * MEASURED.scheduleBytes)
    expect(historyShare).toBeGreaterThan(0.5)
  })

  it('the simulation of the capacity model gives the same result for the same seed, and another result for another seed', () => {
    const fleet = { firesPerSecond: 300, seconds: 5, workers: 2, aligned: 0.5 }
    expect(simulateFleet({ ...fleet, seed: 7 })).toEqual(simulateFleet({ ...fleet, seed: 7 }))
    expect(simulateFleet({ ...fleet, seed: 7 })).not.toEqual(simulateFleet({ ...fleet, seed: 8 }))
  })
})

describe('docs/guides/capacity.md', () => {
  it('docs/guides/capacity.md names the figures that the model computes with', () => {
    const page = readFileSync(new URL('../../../docs/guides/capacity.md', import.meta.url), 'utf8')
    for (const [name, value] of Object.entries(MEASURED)) expect(page, name).toMatch(new RegExp(`\\b${value}\\b`))
  })
})
