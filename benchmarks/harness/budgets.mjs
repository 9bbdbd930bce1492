/**
 * The budgets of Everybeat, compared with the medians of a run. Each budget names the figure that it needs; a budget
 * without measured figures is skipped.
 */
const cellOf = (text) => (row) => row.cell.startsWith(text)

const BUDGETS = [
  budget('lateness', '16 workers', 'p99, 16 workers ≤ 1.5 × timer floor', (us, of) => [
    us.p99 / of('timer').p99,
    'max',
    1.5,
  ]),
  budget('lateness', '16 workers', 'p99, 16 workers ≥ 15 × lower than BullMQ', (us, of) => [
    of('bullmq').p99 / us.p99,
    'min',
    15,
  ]),
  budget('lateness', '1 workers', 'client commands per fire, 1 worker', (us) => [us.clientPerFire, 'max', 2.2]),
  budget('lateness', '16 workers', 'client commands per fire, 16 workers', (us) => [us.clientPerFire, 'max', 4]),
  budget('lateness', '16 workers', 'all Redis commands per fire, 16 workers', (us) => [us.allPerFire, 'max', 25]),
  budget('lateness', '16 workers', 'missed and doubled, 16 workers', (us) => [us.missed + us.doubled, 'max', 0]),
  budget('fleet-size', '20 × 1 Hz, 1000', 'client commands per fire, 20 × 1 Hz, 1 000 workers', (us) => [
    us.clientPerFire,
    'max',
    6,
  ]),
  budget('fleet-size', '1 × 1 Hz, 1000', 'client commands per fire, 1 × 1 Hz, 1 000 workers', (us) => [
    us.clientPerFire,
    'max',
    6,
  ]),
  budget('herd', '2000', '2 000 on one instant: last start, ms', (us) => [us.last, 'max', 200]),
  budget('herd', '2000', '2 000 on one instant: sooner than BullMQ', (us, of) => [
    of('bullmq').last / us.last,
    'min',
    7,
  ]),
  budget('ceiling', 'every', 'sustained rate against BullMQ `every`', (us, of) => [
    us.rate / of('bullmq').rate,
    'min',
    3,
  ]),
  budget('idle', '1 ', 'idle commands/s per worker, 1 schedule', (us) => [us.perWorker, 'max', 0.3]),
  budget('idle', '100000', 'idle commands/s per worker, 100 000 schedules', (us) => [us.perWorker, 'max', 0.3]),
  budget('registration', '100000', 'registering 100 000: faster than BullMQ', (us, of) => [
    of('bullmq').seconds / us.seconds,
    'min',
    4,
  ]),
  budget('registration', '100000', 'bytes per schedule', (us) => [us.bytes, 'max', 1024]),
  budget('worker-start', '100000', 'start with 100 000 schedules, ms to first run', (us) => [
    us.toFirstRun,
    'max',
    200,
  ]),
  budget('worker-start', '1000000', 'start with 1 000 000 schedules, ms to first run', (us) => [
    us.toFirstRun,
    'max',
    300,
  ]),
  budget('claim-cost', '1000000', 'claim cost, 1 000 → 1 000 000 schedules', (us, _of, rows) => [
    us.scriptMicroseconds /
      rows.find((row) => row.driver === 'everybeat' && row.cell.startsWith('1000 ')).median.scriptMicroseconds,
    'max',
    1.5,
  ]),
  budget('live-edit', '10000', 'live edit p99, ms', (us) => [us.p99, 'max', 50]),
]

/** Rows `[budget, measured, limit, verdict]` of the budgets with results, the header first. */
export function checkBudgets(results) {
  const table = [['budget', '', 'measured', 'limit', 'verdict']]
  for (const { scenario, cell, text, evaluate } of BUDGETS) {
    const rows = (results[scenario] ?? []).filter(cellOf(cell))
    const medianOf = (driver) => rows.find((row) => row.driver === driver)?.median
    const ours = medianOf('everybeat')
    if (ours === undefined) continue
    try {
      const [value, kind, limit] = evaluate(ours, medianOf, results[scenario])
      const met = kind === 'max' ? value <= limit : value >= limit
      const figure = value.toFixed(value < 100 ? 2 : 0)
      table.push([text, scenario, figure, `${kind === 'max' ? '≤' : '≥'} ${limit}`, met ? 'met' : 'MISSED'])
    } catch {
      // The peer that it compares with was not measured.
    }
  }
  return table
}

function budget(scenario, cell, text, evaluate) {
  return { scenario, cell, text, evaluate }
}
