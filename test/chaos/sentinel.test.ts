import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { waitFor } from '../support/wait-for.js'
import { startSentinelGroup } from './harness/sentinel.js'

const FAILOVERS = Number(process.env['CHAOS_SENTINEL_FAILOVERS'] ?? 2)

describe('a primary that dies, with three sentinels and two replicas', () => {
  it('is followed by the fleet; with durability nothing starts twice and nothing is lost', async () => {
    await using group = await startSentinelGroup()
    const starts = new Map<string, number>()
    const beats: Everybeat[] = []
    try {
      for (let index = 0; index < 2; index += 1) {
        const beat = new Everybeat({
          redis: { sentinels: group.sentinels, name: group.name, role: 'master' },
          prefix: 'sentinel',
          leaseMs: 2_000,
          logger: false,
          durability: { replicas: 1, timeoutMs: 200 },
        })
        beats.push(beat)
        beat.task('work', ({ id }) => void starts.set(id, (starts.get(id) ?? 0) + 1))
        await beat.start()
      }
      await beats[0]!.schedules.put('tick', { task: 'work', every: 100, overlap: 'allow' })
      const fromMs = Date.now() + 200
      for (let round = 0; round < FAILOVERS; round += 1) {
        await sleep(1_500)
        await group.failOver()
      }
      await sleep(1_000)
      const toMs = Date.now()
      const due: string[] = []
      for (let at = Math.ceil(fromMs / 100) * 100; at <= toMs; at += 100) due.push(`tick@${at}`)
      await waitFor(() => due.every((id) => starts.has(id)), { what: 'every occurrence to run', timeoutMs: 20_000 })
      expect([...starts].filter(([, count]) => count > 1)).toEqual([])
      process.stderr.write(`sentinel: ${FAILOVERS} failovers, ${due.length} occurrences, none twice\n`)
    } finally {
      await Promise.all(beats.map((beat) => beat.stop({ timeoutMs: 500 })))
    }
  })
})
