import { RedisBackend } from '@agendajs/redis-backend'
import { Agenda, Job } from 'agenda'
import { PAYLOAD, chunksOf, nameOf, schedulesOf } from '../harness/plans.mjs'
import { cronAt } from '../harness/time.mjs'

const PROCESS_EVERY_MS = 500
const CHUNK = 200

// Agenda overwrites `nextRunAt` before the handler runs; the instant it was due at is kept here, outside its fields.
const dueAt = new WeakMap()
const computeNextRunAt = Job.prototype.computeNextRunAt
Job.prototype.computeNextRunAt = function () {
  dueAt.set(this, this.attrs.nextRunAt)
  return computeNextRunAt.call(this)
}

/** One Agenda instance. `every` keeps one job per name, so each schedule is a definition of its own. */
export async function startWorker({ url, plans, handle }) {
  const agenda = createAgenda(url)
  await agenda.ready
  for (const { id, name } of schedulesOf(plans)) {
    agenda.define(name, (job) => handle(id, dueAt.get(job).getTime()), { concurrency: 50 })
  }
  await agenda.start()
  return { stop: () => agenda.stop() }
}

export async function createRegistrar({ url }) {
  const agenda = createAgenda(url)
  await agenda.ready
  const put = (trigger, name) => agenda.every(trigger, name, PAYLOAD, { skipImmediate: true })
  return {
    async register(plans) {
      for (const chunk of chunksOf(plans, CHUNK)) {
        await Promise.all(chunk.map(({ name, plan }) => put(plan.everyMs ?? plan.cron, name)))
      }
    },
    async edit({ id, instant }) {
      await put(cronAt(instant), nameOf(id))
    },
    close: () => agenda.stop(),
  }
}

function createAgenda(url) {
  const agenda = new Agenda({
    backend: new RedisBackend({ connectionString: url }),
    processEvery: PROCESS_EVERY_MS,
    maxConcurrency: 1000,
    defaultConcurrency: 50,
  })
  agenda.on('error', (error) => console.error(error))
  return agenda
}
