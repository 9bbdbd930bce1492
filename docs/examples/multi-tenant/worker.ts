// One fleet for all tenants: each has schedules of its own, in its own zone, which it may edit without a change to those of others.
import { Everybeat } from 'everybeat'

interface Tenant {
  id: string
  tz: string
  reportAt: string
}

const TENANTS: Tenant[] = [
  { id: 'acme', tz: 'America/New_York', reportAt: '0 9 * * 1-5' },
  { id: 'globex', tz: 'Asia/Tokyo', reportAt: '30 8 * * *' },
]

const beat = new Everybeat({ prefix: process.env.PREFIX })
// No tenant takes all slots: the whole fleet runs at most four of these at the same time.
beat.task<{ tenant: string }>('tenant-report', { maxConcurrent: 4 }, (run) => {
  console.log(`report of ${run.payload.tenant}`)
})

/** Makes the schedules of a tenant exactly these. Schedules of other owners do not change. */
async function applyTenant({ id, tz, reportAt }: Tenant): Promise<void> {
  const report = { task: 'tenant-report', cron: reportAt, tz, payload: { tenant: id }, tags: [`tenant:${id}`] }
  // The jitter spreads the runs by name: a thousand tenants with nine o'clock do not all run in the same second.
  const definition = { ...report, jitter: '2m' }
  const result = await beat.sync({ [`${id}/daily-report`]: definition }, { owner: `tenant:${id}`, prune: 'remove' })
  console.log(`${id}: ${result.created.length} created, ${result.updated.length} updated`)
}

for (const tenant of TENANTS) await applyTenant(tenant)
await beat.start()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void beat.stop())

for (const { id } of TENANTS) {
  const schedules = await beat.schedules.list({ tag: `tenant:${id}` })
  for (const { name, next } of schedules) console.log(`${name}: next at ${next?.toISOString()}`)
}
