import cronCluster from 'cron-cluster'
import { Redis } from 'ioredis'
import { nominalInstant, schedulesOf } from '../harness/plans.mjs'
import { wallTimeMs } from '../harness/time.mjs'

/** One process of a cron-cluster fleet: every process keeps every job, the elected leader's callbacks run. */
export async function startWorker({ url, plans, handle }) {
  const redis = new Redis(url)
  const { CronJob } = cronCluster(redis)
  const jobs = []
  for (const { id, plan } of schedulesOf(plans)) {
    const onTick = () => handle(id, nominalInstant(plan, wallTimeMs()))
    // A date where there is but one instant: after a daily cron the library takes 0.5 ms to find the next day's.
    const job = new CronJob({ cronTime: plan.instant ? new Date(plan.instant) : plan.cron, onTick })
    job.start()
    jobs.push(job)
  }
  return {
    async stop() {
      for (const job of jobs) job.stop()
      redis.disconnect()
    },
  }
}

/** Schedules live in the processes only. */
export async function createRegistrar() {
  return { register: async () => {}, close: async () => {} }
}
