import { expect, it } from 'vitest'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { PlanningPace } from '../../../../src/worker/maintenance/planning-pace.js'

/** How long one plan takes in this test, ms. */
const PLAN_MS = 4

it('planning many schedules at once yields to the event loop every few milliseconds', async () => {
  let now = 0
  const pace = new PlanningPace({ ...SYSTEM_TIME, monotonic: () => now })
  let [plansInTurn, mostInTurn, turns] = [0, 0, 0]
  const observe = () => {
    turns += 1
    mostInTurn = Math.max(mostInTurn, plansInTurn)
    plansInTurn = 0
    observer = setImmediate(observe)
  }
  let observer = setImmediate(observe)
  const plan = () => {
    now += PLAN_MS
    plansInTurn += 1
  }
  await Promise.all(Array.from({ length: 200 }, () => pace.run(plan)))
  clearImmediate(observer)
  expect(mostInTurn * PLAN_MS).toBeLessThan(50)
  expect(turns).toBeGreaterThan(20)
})

it('a single plan is made at once', () => {
  let made = 0
  void new PlanningPace(SYSTEM_TIME).run(() => (made += 1))
  expect(made).toBe(1)
})
