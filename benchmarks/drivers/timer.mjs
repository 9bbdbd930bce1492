import { schedulesOf } from '../harness/plans.mjs'

/**
 * The floor: bare `setTimeout` to the next whole second, the schedules dealt out among the workers. No Redis, no
 * coordination: the figure shows how exactly this many Node processes on this machine can wake up.
 */
export async function startWorker({ plans, index, total, handle }) {
  const timers = new Map()
  const arm = (id) => {
    const now = Date.now()
    const instant = (Math.floor(now / 1000) + 1) * 1000
    timers.set(
      id,
      setTimeout(() => fire(id, instant), instant - now),
    )
  }
  const fire = (id, instant) => {
    // A timer may come a fraction early by the wall clock.
    const leftMs = instant - Date.now()
    if (leftMs > 0) {
      timers.set(
        id,
        setTimeout(() => fire(id, instant), leftMs),
      )
      return
    }
    handle(id, instant)
    arm(id)
  }
  for (const { id } of schedulesOf(plans)) if (id % total === index) arm(id)
  return {
    async stop() {
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

/** Nothing is stored. */
export async function createRegistrar() {
  return { register: async () => {}, close: async () => {} }
}
