import { EventEmitter } from 'eventemitter3'
import { expect, it } from 'vitest'
import type { EverybeatEvents } from '../../../src/events/events.js'
import { IsolatedEmitter } from '../../../src/events/isolated-emitter.js'

class Events extends IsolatedEmitter {
  override send = super.send.bind(this)
}

const LEFT = { worker: 'w' }
type Name = 'worker:joined' | 'worker:left'

/** Every way to listen and to leave that users of eventemitter3 know, on an emitter that `fire` makes emit. */
function walkThrough(
  emitter: EventEmitter<EverybeatEvents>,
  fire: (name: Name, event: typeof LEFT) => unknown,
): unknown[] {
  const calls: unknown[] = []
  const context = { is: 'the context' }
  function shared(this: unknown, { worker }: { worker: string }): void {
    calls.push(['shared', worker, this === context ? 'context' : this === emitter ? 'emitter' : 'other'])
  }
  emitter.once('worker:joined', shared)
  emitter.once('worker:left', shared, context)
  for (const worker of ['a', 'b']) {
    fire('worker:joined', { worker })
    fire('worker:left', { worker })
  }
  emitter.on('worker:joined', shared, context).on('worker:joined', shared)
  fire('worker:joined', { worker: 'c' })
  emitter.off('worker:joined', shared, context)
  fire('worker:joined', { worker: 'd' })
  emitter.once('worker:left', shared)
  emitter.off('worker:left', shared)
  fire('worker:left', { worker: 'e' })
  emitter.on('worker:left', () => {
    calls.push('adds another')
    emitter.on('worker:left', () => calls.push('added during an emission'))
  })
  fire('worker:left', { worker: 'f' })
  emitter.removeAllListeners('worker:left')
  fire('worker:left', { worker: 'g' })
  calls.push(emitter.eventNames(), emitter.listenerCount('worker:joined'), emitter.listeners('worker:joined').length)
  return calls
}

it('listeners are called and removed as by eventemitter3 itself', () => {
  const plain = new EventEmitter<EverybeatEvents>()
  const events = new Events()
  const expected = walkThrough(plain, (name, event) => plain.emit(name, event))
  expect(walkThrough(events, (name, event) => events.send(name, event))).toEqual(expected)
  const emitted = new Events()
  expect(walkThrough(emitted, (name, event) => emitted.emit(name, event))).toEqual(expected)
})

it('a listener that throws or rejects becomes an error event, and the other listeners are called', async () => {
  const events = new Events()
  const errors: string[] = []
  const called: string[] = []
  events.on('error', ({ context, message }) => void errors.push(`${context}: ${message}`))
  events.once('worker:left', () => {
    throw new Error('thrown')
  })
  events.on('worker:left', (async () => Promise.reject(new Error('rejected'))) as never)
  events.on('worker:left', ({ worker }) => void called.push(worker))
  events.send('worker:left', LEFT)
  await new Promise((resolve) => setImmediate(resolve))
  expect(called).toEqual(['w'])
  expect(errors).toEqual(['a listener of worker:left: thrown', 'a listener of worker:left: rejected'])
})

it('an event that is made by a function is made only for a listener', () => {
  const events = new Events()
  let made = 0
  const make = () => {
    made += 1
    return LEFT
  }
  events.send('worker:left', make)
  expect(made).toBe(0)
  events.on('worker:left', () => {})
  events.send('worker:left', make)
  expect(made).toBe(1)
})
