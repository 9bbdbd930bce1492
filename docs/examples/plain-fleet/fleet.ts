// Three workers in processes of their own. Kill one with `kill -9`: the others continue without it.
import cluster from 'node:cluster'
import { Everybeat } from 'everybeat'

if (cluster.isPrimary) {
  for (let index = 0; index < 3; index += 1) cluster.fork()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cluster.disconnect())
} else {
  // The primary runs nothing: it is not part of the fleet.
  const beat = new Everybeat({ prefix: process.env.PREFIX })
  const tick = beat.task('tick', (run) => console.log(`${run.scheduledAt.toISOString()} in process ${process.pid}`))
  await tick.schedule('tick', { every: '1s' })
  await beat.start()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void beat.stop().then(() => process.exit()))
  process.once('disconnect', () => void beat.stop().then(() => process.exit()))
}
