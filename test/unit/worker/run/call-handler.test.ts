import { expect, it, vi } from 'vitest'
import { ActiveRun } from '../../../../src/worker/run/active-run.js'
import { callHandler, GIVE_UP_MS, type HandlerCall } from '../../../../src/worker/run/call-handler.js'
import { SYSTEM_TIME } from '../../../../src/time-source.js'

it('a handler that ends after its run was abandoned does not end the run a second time', async () => {
  const active = new ActiveRun({ claimed: { runId: 'late@1' } } as ConstructorParameters<typeof ActiveRun>[0])
  let finish = () => {}
  const handler = () => new Promise<void>((resolve) => (finish = resolve))
  let giveUp = () => {}
  const time = {
    ...SYSTEM_TIME,
    setTimeout: (work: () => void, ms: number) => {
      if (ms === GIVE_UP_MS) giveUp = work
      return SYSTEM_TIME.setTimeout(() => {}, 0)
    },
  }
  const onEnd = vi.fn()
  const call = { task: { handler }, run: {}, active, timeoutMs: null, spentMs: 0, isPublished: false, time, onEnd }
  const ended = callHandler(call as unknown as HandlerCall)
  active.abort('cancelled', 'cancelled')
  giveUp()
  expect(await ended).toMatchObject({ kind: 'aborted', abort: 'cancelled' })
  finish()
  await new Promise((resolve) => setImmediate(resolve))
  expect(onEnd).toHaveBeenCalledTimes(1)
})
