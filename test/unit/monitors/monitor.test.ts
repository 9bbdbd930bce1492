import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { monitor, type MonitorEvent } from '../../../src/monitors/index.js'

const RUN = { task: 'work', scheduledAt: 1, worker: 'w', attempt: 1, fence: 1, latenessMs: 0 }

/** A monitor of an instance that is not started: each event is the test's. */
function createMonitor() {
  const beat = new Everybeat({ redis: 'memory:', prefix: 'unit-monitor', logger: false })
  onTestFinished(() => beat.stop())
  const [read, reports]: [string[], MonitorEvent[]] = [[], []]
  const { get } = beat.schedules
  beat.schedules.get = (name) => (read.push(name), get.call(beat.schedules, name))
  const watching = monitor(beat, { match: '*' }, (event) => void reports.push(event))
  onTestFinished(() => watching.close())
  /** Each report begins with the definition of its schedule. */
  const start = (name: string) =>
    beat.emit('run:started', { ...RUN, schedule: name, runId: `${name}@1`, missed: 0, catchUp: false, manual: false })
  const succeed = (name: string, recovered?: true) =>
    beat.emit('run:succeeded', {
      ...{ ...RUN, schedule: name, runId: `${name}@1`, durationMs: 1 },
      ...(recovered && { recovered }),
    })
  return { watching, read, reports, start, succeed }
}

const continuations = async () => {
  for (let count = 0; count < 10; count += 1) await Promise.resolve()
}

describe('a monitor', () => {
  it('no report is made in the turn of the event loop in which its event came', async () => {
    const { watching, read, reports, start, succeed } = createMonitor()
    for (const name of ['a', 'b']) start(name)
    succeed('a')
    await continuations()
    expect(read).toEqual([])
    await new Promise((resolve) => setImmediate(resolve))
    expect(read).toEqual(['a', 'b'])
    await watching.flush()
    expect(reports.map(({ kind, schedule }) => `${kind} ${schedule}`).sort()).toEqual([
      'start a',
      'start b',
      'success a',
    ])
  })

  it('a monitor that is closed in the turn of an event makes no report of it', async () => {
    const { watching, read, reports, start } = createMonitor()
    start('a')
    watching.close()
    await new Promise((resolve) => setImmediate(resolve))
    await watching.flush()
    expect([read, reports]).toEqual([[], []])
  })

  it('a report of which everything is known reaches a function in the turn in which it is made, in order', async () => {
    const { watching, reports, start, succeed } = createMonitor()
    start('a')
    await watching.flush()
    reports.length = 0
    start('a')
    succeed('a', true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(reports.map(({ kind }) => kind)).toEqual(['start', 'success', 'recovered'])
  })

  it('flush reports what waits', async () => {
    const { watching, reports, start } = createMonitor()
    start('a')
    await watching.flush()
    expect(reports.map(({ kind }) => kind)).toEqual(['start'])
  })
})
