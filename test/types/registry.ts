// Compiled, never run: an instance that knows the tasks of its fleet takes only these, also when it registers none.
import type { ErrorCode, Everybeat, HistoryEntry, HistoryOutcome, RunView, TaskHandle } from '../../src/index.js'

interface Tasks {
  'send-report': { to: string }
  'clean-up': undefined
  remind: { at: Date }
}

type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false
const isTrue = <T extends true>(): T => true as T

export async function useRegistry(beat: Everybeat<Tasks>): Promise<void> {
  const { schedules } = beat
  await schedules.put('daily', { task: 'send-report', every: '1d', payload: { to: 'ops' } })
  await schedules.put('clean-up', { every: '1d' })
  await schedules.put('send-report', { every: '1d', payload: { to: 'ops' } })
  // @ts-expect-error no such task
  await schedules.put('daily', { task: 'send-reports', every: '1d' })
  // @ts-expect-error the task is named neither here nor by the schedule
  await schedules.put('daily', { every: '1d' })
  // @ts-expect-error the task needs a payload
  await schedules.put('daily', { task: 'send-report', every: '1d' })
  // @ts-expect-error the payload of another task
  await schedules.put('daily', { task: 'send-report', every: '1d', payload: { at: new Date() } })
  await schedules.putMany([{ name: 'daily', task: 'clean-up', every: '1d' }])
  // @ts-expect-error no such task
  await schedules.putMany([{ name: 'daily', task: 'wipe', every: '1d' }])
  await beat.sync({ daily: { task: 'clean-up', every: '1d' } }, { owner: 'me', version: undefined })

  const reminder = beat.task('remind', (run) => {
    isTrue<Same<typeof run.payload, { at: string }>>()
    return run.payload.at
  })
  isTrue<Same<typeof reminder, TaskHandle<{ at: Date }>>>()
  await reminder.schedule('soon', { every: '1d', payload: { at: new Date() } })
  // @ts-expect-error no such task
  beat.task('reminds', () => undefined)
}

export function readUnions(beat: Everybeat, entry: HistoryEntry, run: RunView): void {
  isTrue<Same<HistoryOutcome, 'ok' | 'failed' | 'skipped' | 'abandoned' | 'cancelled'>>()
  // @ts-expect-error no such reason
  if (entry.reason === 'overlaps') return
  // @ts-expect-error no such reason
  if (run.reason === 'retries') return
  beat.on('run:skipped', ({ reason, count }) => {
    isTrue<Same<typeof count, number>>()
    // @ts-expect-error no such reason
    return count > 1 && reason === 'late'
  })
  beat.on('run:failed', ({ reason }) => reason === 'timeout')
  beat.on('run:abandoned', ({ reason }) => reason === 'crash')
  // @ts-expect-error no such event
  beat.on('run:finished', () => undefined)
  const codes: ErrorCode[] = ['ERR_EVERYBEAT_CRON']
  // @ts-expect-error no such code
  codes.push('ERR_EVERYBEAT_CRONS')
}
