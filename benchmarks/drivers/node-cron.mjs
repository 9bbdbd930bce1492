import cron from 'node-cron'
import { schedulesOf } from '../harness/plans.mjs'

/** node-cron in one process: it has a coordinator interface, but no Redis implementation of it. */
export async function startWorker({ plans, handle }) {
  const tasks = []
  for (const { id, plan } of schedulesOf(plans)) {
    tasks.push(cron.schedule(plan.cron, (context) => handle(id, Math.floor(context.date.getTime() / 1000) * 1000)))
  }
  return {
    async stop() {
      for (const task of tasks) await task.stop()
    },
  }
}

/** Schedules live in the process only. */
export async function createRegistrar() {
  return { register: async () => {}, close: async () => {} }
}
