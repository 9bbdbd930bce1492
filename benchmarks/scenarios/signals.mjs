import herd from './herd.mjs'
import lateness from './lateness.mjs'

/** The cost of all signals together: the same fleet with and without them, in turn. */
export default {
  name: 'signals',
  title: 'Metrics, traces and monitors: on against off, 4 workers',
  drivers: ['everybeat', 'everybeat-signals'],
  cells: ({ quick }) => [
    { label: '20 schedules at 1 Hz', workers: 4, windowSeconds: quick ? 8 : 15 },
    { label: '10 000 on one instant', count: 10_000 },
  ],
  columns: [
    { key: 'p50', title: 'p50 ms', digits: 2 },
    { key: 'p99', title: 'p99 ms', digits: 2 },
    { key: 'last', title: 'last start ms', digits: 0 },
    { key: 'workerMicroseconds', title: 'CPU µs/fire: workers', digits: 0 },
    { key: 'redisMicroseconds', title: 'Redis', digits: 0 },
    { key: 'missed', title: 'missed', digits: 0 },
    { key: 'doubled', title: 'doubled', digits: 0 },
  ],
  compare: { key: 'p50', better: 'lower' },
  refuse: () => null,
  async measure(stage, cell, options) {
    if (cell.count === undefined) return await lateness.measure(stage, cell, options)
    const { workerMs, redisMs, ...rest } = await herd.measure(stage, cell)
    const perFire = (ms) => (ms * 1000) / cell.count
    return { ...rest, workerMicroseconds: perFire(workerMs), redisMicroseconds: perFire(redisMs) }
  },
}
