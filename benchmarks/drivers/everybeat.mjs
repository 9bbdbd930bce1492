import { PAYLOAD, chunksOf, idOf, nameOf } from '../harness/plans.mjs'

// Another build can be measured in its place, for before and after.
const { Everybeat } = await import(process.env.EVERYBEAT_BUILD ?? '../../dist/index.js')

const OPTIONS = { prefix: 'benchmark', logger: false }
const CHUNK = 10_000

/** One Everybeat worker. `settings.perWorkerTask`: it also knows a task of its own, `benchmark-<index>`. */
export async function startWorker({ url, settings, index, handle, onCreated }) {
  const beat = new Everybeat({ ...OPTIONS, redis: url, concurrency: 50, ...settings.everybeat })
  beat.on('error', (error) => console.error(error))
  onCreated?.(beat)
  const handler = (run) => handle(idOf(run.schedule), run.scheduledAt.getTime())
  beat.task('benchmark', handler)
  if (settings.perWorkerTask) beat.task(`benchmark-${index}`, handler)
  await beat.start()
  return { stop: () => beat.stop({ timeoutMs: 2000 }) }
}

export async function createRegistrar({ url }) {
  const beat = new Everybeat({ ...OPTIONS, redis: url })
  return {
    async register(plans) {
      for (const chunk of chunksOf(plans, CHUNK)) await beat.schedules.putMany(chunk.map(toEntry))
    },
    async edit({ id, instant, task }) {
      await beat.schedules.put(nameOf(id), { task, at: new Date(instant).toISOString(), payload: PAYLOAD })
    },
    close: () => beat.stop(),
  }
}

function toEntry({ name, plan }) {
  const trigger = plan.everyMs ? { every: plan.everyMs, ...(plan.spread && { spread: true }) } : { cron: plan.cron }
  return { name, task: plan.task ?? 'benchmark', ...trigger, payload: PAYLOAD, ...plan.everybeat }
}
