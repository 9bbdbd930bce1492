import { readFile } from 'node:fs/promises'

/** Every driver: its title, the package whose version is printed, and how it was set up. */
export const DRIVERS = {
  everybeat: { title: 'Everybeat', setup: 'concurrency 50' },
  'everybeat-signals': {
    title: 'Everybeat with all signals',
    setup: 'metrics scraped each second, a tenth of the runs traced, a monitor on each run',
  },
  bullmq: { title: 'BullMQ', package: 'bullmq', setup: 'upsertJobScheduler, concurrency 50, finished jobs removed' },
  agenda: {
    title: 'Agenda on Redis',
    package: 'agenda',
    setup: 'every(), one definition per schedule, processEvery 500 ms',
  },
  'cron-cluster': { title: 'cron-cluster', package: 'cron-cluster', setup: 'one elected leader runs everything' },
  croner: { title: 'croner', package: 'croner', setup: 'one process, no coordination' },
  'node-cron': { title: 'node-cron', package: 'node-cron', setup: 'one process, no coordination' },
  timer: { title: 'setTimeout (floor)', setup: 'no Redis; the schedules dealt out among the processes' },
  redis: { title: 'Redis (floor)', setup: 'redis-benchmark' },
}

/** Drivers that are measured for every value of `--peers`. */
export const ALWAYS = ['everybeat', 'everybeat-signals', 'timer', 'redis']

/** The title with the version of the installed package. */
export async function titleOf(name) {
  const driver = DRIVERS[name]
  if (driver.package === undefined) return driver.title
  const file = new URL(`../node_modules/${driver.package}/package.json`, import.meta.url)
  return `${driver.title} ${JSON.parse(await readFile(file, 'utf8')).version}`
}
