import { Cron } from 'croner'
import { nominalInstant, schedulesOf } from '../harness/plans.mjs'
import { wallTimeMs } from '../harness/time.mjs'

/** croner in one process: no coordination, no memory. */
export async function startWorker({ plans, handle }) {
  const jobs = []
  for (const { id, plan } of schedulesOf(plans)) {
    jobs.push(new Cron(plan.cron, () => handle(id, nominalInstant(plan, wallTimeMs()))))
  }
  return {
    async stop() {
      for (const job of jobs) job.stop()
    },
  }
}

/** Schedules live in the process only. */
export async function createRegistrar() {
  return { register: async () => {}, close: async () => {} }
}
