import { expect, it } from 'vitest'
import { monitor, type MonitorEvent } from '../../../src/monitors/index.js'
import { nextEvent, useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

it('an occurrence that no worker claims is reported by name, and a monitor reports it once before its start', async () => {
  const beat = fleet.create({ concurrency: 1 })
  const reports: MonitorEvent[] = []
  const watching = monitor(beat, { match: 'waiting', lateAfter: '5s' }, (event) => void reports.push(event))
  let release = (): void => {}
  beat.task('busy', () => new Promise<void>((resolve) => (release = resolve)))
  beat.task('quick', () => {})
  await beat.start()
  const isBusy = nextEvent(beat, 'run:started')
  await beat.schedules.put('blocking', { task: 'busy', at: new Date() })
  await isBusy
  const at = Date.now() - 20_000
  await beat.schedules.put('waiting', { task: 'quick', at: new Date(at), misfireGrace: '1h' })
  const late = await nextEvent(beat, 'schedule:late', () => true, 40_000)
  expect(late).toMatchObject({ schedule: 'waiting', dueAt: at })
  await nextEvent(beat, 'schedule:late', () => true, 40_000)
  await waitFor(() => reports.length > 0, { what: 'the report' })
  release()
  await waitFor(() => reports.some(({ kind }) => kind === 'success'), { what: 'the waiting run' })
  await watching.flush()
  expect(reports.map(({ kind }) => kind)).toEqual(['late', 'start', 'success'])
  expect(reports[0]).toMatchObject({ runId: `waiting@${at}`, scheduledAt: at, latenessMs: late.latenessMs })
})
