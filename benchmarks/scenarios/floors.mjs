import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'

const run = promisify(execFile)
const TRIVIAL = 'return 1'
// Approximately the least work of a claim of one occurrence.
const CLAIM_SIZED = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)
local state = redis.call('HMGET', KEYS[2], 'plan', 'fence', 'last')
redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', 30000)
redis.call('HSET', KEYS[2], 'last', now, 'fence', (state[2] or 0) + 1)
redis.call('ZADD', KEYS[1], now, ARGV[2])
return { due[1], now }`

/** The best figures of Redis on this machine, by redis-benchmark with 50 clients. */
export default {
  name: 'floors',
  title: 'Floors: Redis by redis-benchmark, 50 clients',
  drivers: ['redis'],
  cells: ({ quick }) =>
    [1, 16].map((pipeline) => ({ label: `pipeline of ${pipeline}`, pipeline, calls: quick ? 100_000 : 300_000 })),
  columns: [
    { key: 'ping', title: 'PING/s', digits: 0 },
    { key: 'trivial', title: 'trivial EVALSHA/s', digits: 0 },
    { key: 'claim', title: 'claim-sized EVALSHA/s', digits: 0 },
  ],
  compare: null,
  refuse: () => null,
  async measure(stage, { pipeline, calls }) {
    const measure = async (...command) => {
      const options = [
        '-h',
        '127.0.0.1',
        '-p',
        String(stage.port),
        '-c',
        '50',
        '-n',
        String(calls),
        '-P',
        String(pipeline),
        '--csv',
      ]
      const { stdout } = await run('redis-benchmark', [...options, ...command])
      return Number(stdout.trim().split('\n').at(-1).split('","')[1])
    }
    for (const script of [TRIVIAL, CLAIM_SIZED]) await stage.redis.script('LOAD', script)
    return {
      ping: await measure('PING'),
      trivial: await measure('EVALSHA', sha1(TRIVIAL), '0'),
      claim: await measure('EVALSHA', sha1(CLAIM_SIZED), '3', '{b}:due', '{b}:state', '{b}:lease', 'token', 'name'),
    }
  },
}

function sha1(text) {
  return createHash('sha1').update(text).digest('hex')
}
