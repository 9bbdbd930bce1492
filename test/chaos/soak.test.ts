import { describe, expect, it } from 'vitest'
import { judge } from './soak/judge.js'
import { findLitter } from './soak/redis-size.js'
import { runSoak } from './soak/run-soak.js'

/** At 1 500 a second the second half begins after 15 s: by then the history of each schedule has reached its cap. */
const FIRES = Number(process.env['SOAK_FIRES'] ?? 45_000)
const SEED = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 1_000_000))

const steps = (count: number, value: (step: number) => number): number[] =>
  Array.from({ length: count }, (_, step) => value(step))

describe('the judge of a soak', () => {
  const judged = (values: number[]): boolean =>
    judge({ name: 'heap', unit: 'bytes', values }, { most: 50, share: 0 }).isFlat

  it('the judge of a soak calls a value flat that stops growing by the middle, also with noise and an outlier', () => {
    expect(judged(steps(40, (step) => Math.min(step, 20) * 100))).toBe(true)
    expect(judged(steps(40, (step) => 1_000 + ((step * 37) % 11)))).toBe(true)
    expect(judged(steps(40, (step) => (step === 39 ? 1e9 : 1_000)))).toBe(true)
  })

  it('the judge of a soak finds a small but steady growth under larger noise', () => {
    expect(judged(steps(40, (step) => 1_000 + 5 * step + ((step * 37) % 31)))).toBe(false)
  })

  it('the judge of a soak refuses to judge a few values', () => {
    expect(() => judged([1, 2, 3])).toThrow('too few')
  })

  it('the judge of a soak finds a key that no program deletes', () => {
    const lost = { key: '{soak}:state:gone', type: 'hash', ttlMs: null }
    const slots = { key: '{soak}:busy:limited', type: 'zset', ttlMs: null, memberCount: 3 }
    const tooMany = { ...slots, memberCount: 4 }
    const left = [{ key: '{soak}:meta', type: 'hash', ttlMs: null }, { ...lost, ttlMs: 5 }, lost, slots, tooMany]
    expect(findLitter(left, 'soak')).toEqual([lost, tooMany])
  })
})

describe('a fleet that runs for a long time', () => {
  it(`a fleet that runs for a long time keeps its memory and Redis's flat over ${FIRES} fires, and leaves no key behind`, async () => {
    const again = `npm run soak -- --fires ${FIRES} --rate 1500 --sample 0.5 --seed ${SEED}`
    const result = await runSoak({ fires: FIRES, rate: 1_500, seed: SEED, sampleMs: 500 })
    expect(result.problems, again).toEqual([])
    expect(result.fires, again).toBeGreaterThanOrEqual(FIRES)
    expect(result.changes, again).toBeGreaterThan(50)
    expect(result.deaths, again).toBeGreaterThan(0)
  })
})
