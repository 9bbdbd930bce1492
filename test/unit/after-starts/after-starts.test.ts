import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, it } from 'vitest'
import { AfterStarts } from '../../../src/after-starts/index.js'

const ignore = (): void => {}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

it('work is done after the turn of the event loop that added it, in the order in which it was added', async () => {
  const done: string[] = []
  const afterStarts = new AfterStarts(ignore)
  for (const name of ['a', 'b']) afterStarts.add(() => void done.push(name))
  // The continuations of this turn come before the work, too.
  for (let count = 0; count < 10; count += 1) await Promise.resolve()
  expect(done).toEqual([])
  await nextTurn()
  expect(done).toEqual(['a', 'b'])
})

it('doNow does what waits, with what that adds, once', async () => {
  const done: string[] = []
  const afterStarts = new AfterStarts(ignore)
  afterStarts.add(() => {
    done.push('a')
    afterStarts.add(() => void done.push('b'))
  })
  afterStarts.doNow()
  expect(done).toEqual(['a', 'b'])
  await nextTurn()
  expect(done).toEqual(['a', 'b'])
})

it('work that is forgotten is not done, and later work is', async () => {
  const done: string[] = []
  const afterStarts = new AfterStarts(ignore)
  afterStarts.add(() => void done.push('a'))
  afterStarts.clear()
  await nextTurn()
  afterStarts.add(() => void done.push('b'))
  await nextTurn()
  expect(done).toEqual(['b'])
})

it('an error of one piece of work is reported, and the other work is done', async () => {
  const [done, errors]: unknown[][] = [[], []]
  const afterStarts = new AfterStarts((error) => void errors!.push(error))
  const thrown = new Error('no')
  afterStarts.add(() => {
    throw thrown
  })
  afterStarts.add(() => void done!.push('b'))
  await nextTurn()
  expect([done, errors]).toEqual([['b'], [thrown]])
})

it('work runs outside of the async context of the run that added it first', async () => {
  const storage = new AsyncLocalStorage<string>()
  const found: unknown[] = []
  const afterStarts = new AfterStarts(ignore)
  storage.run('of a run', () => afterStarts.add(() => void found.push(storage.getStore())))
  await nextTurn()
  expect(found).toEqual([undefined])
})
