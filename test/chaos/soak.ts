import { parseArgs } from 'node:util'
import { ensureRedisServer } from '../../src/testing/redis-server.js'
import { ensureBuild } from '../support/build.js'
import type { Judgement } from './soak/judge.js'
import { runSoak, toMib } from './soak/run-soak.js'

const { values } = parseArgs({
  options: {
    fires: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    sample: { type: 'string', default: '5' },
  },
})
const [fires, rate, sampleSeconds] = [Number(values.fires), Number(values.rate), Number(values.sample)]
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
if (![fires, rate, sampleSeconds].every((value) => value > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('Usage: npm run soak -- [--fires N] [--rate fires/s] [--sample seconds] [--seed n]\n')
  process.exit(2)
}
const show = (line: string): void => void process.stderr.write(`${line}\n`)
await ensureBuild(show)
await ensureRedisServer({ onProgress: show })
show(`seed ${seed}: ${fires} fires, ${rate} a second offered`)
const result = await runSoak({ fires, rate, seed, sampleMs: sampleSeconds * 1_000, onProgress: show })

const toText = ({ unit }: Judgement, value: number): string =>
  unit === 'bytes' ? `${toMib(value)} MiB` : String(Math.round(value))
const lines = [
  `${result.fires} fires in ${Math.round(result.seconds)} s, ${result.changes} changes, ${result.deaths} workers replaced`,
  '',
  '| what | level | growth over the second half | allowed |',
  '| --- | --- | --- | --- |',
  ...result.judgements.map((one) =>
    [``, one.name, toText(one, one.level), toText(one, one.growth), toText(one, one.allowed), ''].join(' | ').trim(),
  ),
  '',
  'Left at the end:',
  ...result.left.map(({ key, type, ttlMs }) => `- ${key} (${type}), ${ttlMs === null ? 'for ever' : `${ttlMs} ms`}`),
  '',
  ...(result.problems.length === 0
    ? ['Flat, and nothing is left behind.']
    : result.problems.map((one) => `FAIL ${one}`)),
]
process.stdout.write(`${lines.join('\n')}\n`)
process.exitCode = result.problems.length > 0 ? 1 : 0
