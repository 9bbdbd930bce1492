import { expect, it, onTestFinished } from 'vitest'
import { monitor, type MonitorEvent } from '../../../src/monitors/index.js'
import { countCommands } from '../../support/command-counts.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

/** An instance with the task `work`, whose monitor reports to a list. */
function createMonitored(handler: () => unknown) {
  const beat = fleet.create()
  const reports: MonitorEvent[] = []
  beat.task('work', handler)
  /** Lets a listener see an event before the monitor does. */
  const watch = () => {
    const watching = monitor(beat, { match: '*' }, (event) => void reports.push(event))
    onTestFinished(() => watching.close())
  }
  const ended = (count: number) =>
    waitFor(() => reports.filter(({ kind }) => kind === 'success').length === count, { what: 'all reports' })
  return { beat, reports, watch, ended }
}

const dueNow = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `due-${index}`, task: 'work', at: new Date() }))

it('no report of a start is made before the handlers of all runs of the instant have been called', async () => {
  let [read, made] = [0, 0]
  const atCalls: number[][] = []
  const { beat, reports, watch, ended } = createMonitored(() => void atCalls.push([read, made]))
  // A report of a start has its lateness, and the definition of its schedule.
  beat.on('run:started', (event) => {
    const { latenessMs } = event
    Object.defineProperty(event, 'latenessMs', { get: () => ((read += 1), latenessMs) })
  })
  const { get } = beat.schedules
  beat.schedules.get = (name) => ((made += 1), get.call(beat.schedules, name))
  watch()
  await beat.schedules.putMany(dueNow(20))
  await beat.start()
  await ended(20)
  expect(atCalls).toEqual(Array.from({ length: 20 }, () => [0, 0]))
  expect([read, made]).toEqual([20, 20])
  expect(reports.filter(({ kind }) => kind === 'start')).toHaveLength(20)
})

it('each report of a start comes before the report of the end of its run', async () => {
  const { beat, reports, watch, ended } = createMonitored(() => {})
  watch()
  await beat.schedules.putMany(dueNow(20))
  await beat.start()
  await ended(20)
  for (const { name } of dueNow(20)) {
    const ofSchedule = reports.filter(({ schedule }) => schedule === name)
    expect(ofSchedule.map(({ kind }) => kind)).toEqual(['start', 'success'])
  }
})

it('a report of a success reads nothing of Redis', async () => {
  const { beat, watch, ended } = createMonitored(() => {})
  watch()
  await beat.schedules.putMany(dueNow(20))
  const counts = await countCommands(redis.url, async () => {
    await beat.start()
    await ended(20)
  })
  // A read of a history.
  expect([counts.get('xrevrange'), counts.get('xrange')]).toEqual([undefined, undefined])
})
