// Compiled, never run: a payload that does not fit its task does not compile. `npm run check:types` is the test; each
// `@ts-expect-error` fails it when the line below it compiles after all.
import * as v from 'valibot'
import { z } from 'zod'
import type { Everybeat } from '../../src/index.js'
import type { Run, TaskHandle } from '../../src/index.js'

type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false
const isTrue = <T extends true>(): T => true as T

export async function useHandles(beat: Everybeat): Promise<void> {
  const zod = beat.task('zod', { schema: z.object({ to: z.string(), count: z.coerce.number() }) }, (run) => {
    isTrue<Same<typeof run.payload, { to: string; count: number }>>()
    // @ts-expect-error the handler gets what the schema gives
    return run.payload.missing
  })
  await zod.schedule('daily', { cron: '0 9 * * *', payload: { to: 'ops', count: '3' } })
  await zod.run({ to: 'ops', count: 3 })
  // @ts-expect-error `to` is text
  await zod.schedule('daily', { cron: '0 9 * * *', payload: { to: 7, count: 3 } })
  // @ts-expect-error `to` is missing
  await zod.schedule('daily', { cron: '0 9 * * *', payload: { count: 3 } })
  // @ts-expect-error `to` is missing
  await zod.run({ count: 3 })
  // @ts-expect-error the handle names the task
  await zod.schedule('daily', { cron: '0 9 * * *', task: 'other' })

  const valibot = beat.task(
    'valibot',
    {
      schema: v.object({
        at: v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
      }),
      retries: 2,
    },
    ({ payload }) => payload.at.getTime(),
  )
  isTrue<Same<typeof valibot, TaskHandle<{ at: string }>>>()
  await valibot.run({ at: '2026-01-01' })
  // @ts-expect-error what is written is the input of the schema, not its output
  await valibot.run({ at: new Date() })

  const typed = beat.task<{ id: number }>('typed', (run: Run<{ id: number }>) => run.payload.id)
  await typed.schedule('each', { every: '1h', payload: { id: 1 } })
  // @ts-expect-error `id` is a number
  await typed.schedule('each', { every: '1h', payload: { id: 'one' } })
  // @ts-expect-error `id` is a number
  await typed.run({ id: 'one' })

  const withOptions = beat.task<{ id: number }>('with-options', { retries: 3, timeout: '5m' }, (run) => run.payload.id)
  // @ts-expect-error `id` is missing
  await withOptions.run({})
  // @ts-expect-error an option that is not there
  beat.task('wrong', { attempts: 3 }, () => undefined)

  const free = beat.task('free', () => undefined)
  await free.run({ anything: ['goes'] })
  await free.run()
}
