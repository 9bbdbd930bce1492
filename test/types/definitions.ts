// Compiled, never run: what a definition may say follows from its trigger and its task. `npm run check:types` is the
// test; each `@ts-expect-error` fails it when the line below it compiles after all.
import { z } from 'zod'
import type { DefinitionInput, Everybeat, Jsonify, Run } from '../../src/index.js'

type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false
const isTrue = <T extends true>(): T => true as T

export async function writeDefinitions(beat: Everybeat): Promise<void> {
  const { schedules } = beat
  await schedules.put('a', { cron: '0 9 * * *', tz: 'Asia/Shanghai', dstGap: 'skip', dayMatch: 'and' })
  await schedules.put('a', { every: '5m', anchor: 0, spread: true, jitter: '1s' })
  await schedules.put('a', { at: new Date(), removeAfter: '1h' })
  await schedules.put('a', { rrule: 'FREQ=DAILY', dstOverlap: 'both' })
  await schedules.put('a', { solar: 'sunset-30m', lat: 52.5, lon: 13.4 })
  await schedules.put('a', { cron: '0 9 * * *', tz: undefined, every: undefined, backoff: { max: undefined } })
  // @ts-expect-error one trigger is missing
  await schedules.put('a', {})
  // @ts-expect-error one trigger is missing
  await schedules.put('a', { tz: 'UTC' })
  // @ts-expect-error two triggers
  await schedules.put('a', { cron: '0 9 * * *', every: '5m' })
  // @ts-expect-error the sun rises at a place
  await schedules.put('a', { solar: 'sunrise' })
  // @ts-expect-error `lon` is missing
  await schedules.put('a', { solar: 'sunrise', lat: 52.5 })
  // @ts-expect-error a place belongs to the sun
  await schedules.put('a', { cron: '0 9 * * *', lat: 52.5, lon: 13.4 })
  // @ts-expect-error `anchor` belongs to `every`
  await schedules.put('a', { cron: '0 9 * * *', anchor: 0 })
  // @ts-expect-error `dayMatch` belongs to `cron`
  await schedules.put('a', { rrule: 'FREQ=DAILY', dayMatch: 'and' })
  // @ts-expect-error a field that is not there
  await schedules.put('a', { cron: '0 9 * * *', timezone: 'UTC' })
  // @ts-expect-error a policy that is not there
  await schedules.put('a', { cron: '0 9 * * *', overlap: 'never' })
  // @ts-expect-error two triggers
  await schedules.putMany([{ name: 'a', cron: '0 9 * * *', at: 0 }])
  // @ts-expect-error one trigger is missing
  await beat.sync({ a: { task: 'b' } }, { owner: 'me' })
  // @ts-expect-error two triggers
  const definition: DefinitionInput = { cron: '0 9 * * *', rrule: 'FREQ=DAILY' }
  await schedules.put('a', definition)
  await schedules.patch('a', { every: '5m', cron: null })
  await schedules.list({ task: undefined, limit: undefined, cursor: undefined })
}

export async function givePayloads(beat: Everybeat): Promise<void> {
  const report = beat.task('report', { schema: z.object({ to: z.string() }) }, (run) => run.payload.to)
  await report.schedule('daily', { every: '1d', payload: { to: 'ops' } })
  // @ts-expect-error the task needs a payload
  await report.schedule('daily', { every: '1d' })
  // @ts-expect-error the task needs a payload
  await report.run()

  const typed = beat.task<{ to: string }>('typed', (run) => run.payload.to)
  // @ts-expect-error the task needs a payload
  await typed.schedule('daily', { every: '1d' })
  // @ts-expect-error the task needs a payload
  await typed.run()

  const optional = beat.task<{ to: string } | undefined>('optional', () => undefined)
  await optional.schedule('daily', { every: '1d' })
  await optional.run()

  const dated = beat.task<{ at: Date; left?: undefined; call(): void }>('dated', (run) => {
    isTrue<Same<typeof run.payload, { at: string }>>()
    // @ts-expect-error a date arrives as text
    return run.payload.at.getTime()
  })
  await dated.run({ at: new Date(), call: () => undefined })

  const coerced = beat.task('coerced', { schema: z.object({ at: z.coerce.date() }) }, (run) => {
    isTrue<Same<typeof run.payload, { at: Date }>>()
    return run.payload.at.getTime()
  })
  await coerced.run({ at: '2026-01-01' })
  const unread = beat.task('unread', { schema: z.object({ at: z.date() }) }, () => undefined)
  // @ts-expect-error what is written comes to the schema as text, which it refuses
  await unread.run({ at: new Date() })
}

export function readJson(): void {
  isTrue<Same<Jsonify<Date>, string>>()
  isTrue<Same<Jsonify<{ a: 1; b: undefined; c: () => void; d: Date[] }>, { a: 1; d: string[] }>>()
  isTrue<Same<Jsonify<[Date, undefined]>, [string, null]>>()
  isTrue<Same<Jsonify<unknown>, unknown>>()
  isTrue<Same<Jsonify<{ a?: Date }>, { a?: string }>>()
  isTrue<Same<Jsonify<Run['scheduledAt'] | null>, string | null>>()
}
