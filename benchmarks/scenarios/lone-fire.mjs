import { quantile } from '../harness/statistics.mjs'
import { delay } from '../harness/time.mjs'

const PERIOD_MS = 500

/** The cost of a single fire in Redis: a claim call and a settlement call, each for one run. */
export default {
  name: 'lone-fire',
  title: `Redis's time of a lone fire: one schedule, every ${PERIOD_MS} ms, 1 worker`,
  drivers: ['everybeat'],
  cells: ({ quick }) => [{ label: 'one schedule', windowSeconds: quick ? 15 : 30 }],
  columns: [
    { key: 'claim', title: 'claim: µs of Redis', digits: 0 },
    { key: 'claimBest', title: 'the fastest tenth', digits: 0 },
    { key: 'settlement', title: 'settlement: µs of Redis', digits: 0 },
    { key: 'settlementBest', title: 'the fastest tenth', digits: 0 },
    { key: 'claims', title: 'claims', digits: 0 },
  ],
  compare: { key: 'claim', better: 'lower' },
  refuse: () => null,
  async measure(stage, { windowSeconds }) {
    const plan = { first: 0, count: 1, everyMs: PERIOD_MS }
    await stage.register([plan])
    const fleet = await stage.startFleet({ processes: 1, plans: [plan] })
    // The first calls of a server and a worker are no usual ones.
    await delay(3000)
    // Redis records the duration of each call of a client; the calls of a script are part of its own call.
    await stage.redis.config('SET', 'slowlog-max-len', 100_000, 'slowlog-log-slower-than', 0)
    await delay(windowSeconds * 1000)
    const calls = await stage.redis.slowlog('GET', -1)
    await fleet.stop()
    const claims = timesOf(calls, isClaim)
    const settlements = timesOf(calls, isSettlement)
    return {
      claim: quantile(claims, 0.5),
      claimBest: quantile(claims, 0.1),
      settlement: quantile(settlements, 0.5),
      settlementBest: quantile(settlements, 0.1),
      claims: claims.length,
    }
  },
}

/** By its keys, which are the same in earlier builds. */
const isClaim = (parts) =>
  parts[3]?.endsWith(':due') && parts[4]?.endsWith(':pending') && parts[5]?.endsWith(':running')
/** Earlier builds name the outcome alone, without the field that counts it. */
const isSettlement = (parts) =>
  parts[3]?.endsWith(':running') && parts.some((part) => part === 'ok' || part.startsWith('ok:'))

/** Microseconds of the script calls that `isWanted` selects. */
function timesOf(calls, isWanted) {
  return calls
    .filter(([, , , parts]) => parts[0].toLowerCase() === 'evalsha' && isWanted(parts))
    .map(([, , took]) => took)
}
