import { expect, it } from 'vitest'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

it('a restored backup is reported by an event, a log line and doctor, and schedules that live code declares are restored', async () => {
  const lines: string[] = []
  const note = (line: string) => void lines.push(line)
  const beat = fleet.create({ logger: { debug: note, info: note, warn: note, error: note } })
  const job = beat.task('job', () => null)
  await beat.start()
  await job.schedule('old', { every: '1h' })
  const lastBeat = async () =>
    Number((await redis.client.zrange(`{${fleet.prefix()}}:workers`, '0', '0', 'WITHSCORES'))[1])
  await redis.client.save()
  const savedBeat = await lastBeat()
  await job.schedule('new', { every: '2h' })
  await beat.schedules.pause('old')
  // The worker can compare a heartbeat only if it has the answer: its last contact comes after the heartbeat.
  const isAnswered = (atMs: number) => Date.now() - (beat.health().lastContactMs ?? Infinity) >= atMs
  const hasBeaten = async () => {
    const atMs = await lastBeat()
    return atMs > savedBeat && isAnswered(atMs)
  }
  await waitFor(hasBeaten, { what: 'an answered heartbeat after the backup' })
  const told = nextEvent(beat, 'dataset:rewound', undefined, 30_000)
  await redis.kill()
  await redis.restart()
  const { at, to } = await told
  expect(to).toBe(savedBeat)
  expect(at).toBeGreaterThan(savedBeat)
  await waitFor(() => beat.schedules.get('new'), { what: 'the declaration' })
  expect(lines.filter((line) => line.includes('was set back'))).toHaveLength(1)
  const { findings } = await beat.diagnose()
  expect(findings.find(({ check }) => check === 'rewind')?.message).toContain(new Date(savedBeat).toISOString())
}, 90_000)
