import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { SCRIPTS } from '../../src/redis/scripts/generated.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'
import { startProxy } from './proxy.js'

const redis = useRedis()
/** Distance between two cut positions, bytes; `CHAOS_BYTE_STEP=1` cuts at each byte. */
const STEP = Number(process.env['CHAOS_BYTE_STEP'] ?? 5)
/** Where in the first step to begin: runs of many days come by every byte. */
const FIRST = Math.floor(Math.random() * STEP)

describe('a reply that is cut', () => {
  it.each(['claim-due', 'settle-runs'] as const)(
    `a reply of %s that is cut at any byte (each ${STEP}th from ${FIRST}) loses and doubles no occurrence`,
    async (script) => {
      const proxy = await startProxy(redis.port)
      onTestFinished(() => proxy.close())
      const prefix = uniquePrefix('bytes')
      const starts = new Map<string, number>()
      const beat = new Everybeat({ redis: proxy.url, prefix, logger: false, leaseMs: 5_000 })
      onTestFinished(() => beat.stop({ timeoutMs: 500 }))
      beat.task('work', ({ schedule }) => void starts.set(schedule, (starts.get(schedule) ?? 0) + 1))
      await beat.start()
      let length = Number.POSITIVE_INFINITY
      let cuts = 0
      let offset = FIRST
      for (; offset <= length; offset += STEP) {
        const name = `at-byte-${offset}`
        let isCut = false
        proxy.judge = ({ command, bytes }) => {
          const isIt = command[1] === SCRIPTS[script].sha1 || command[1] === SCRIPTS[script].text
          // A claim that won nothing, or the error that the script is not known yet, is not what is looked for.
          if (isCut || !isIt || bytes[0] === 0x2d || (script === 'claim-due' && !bytes.includes(name))) return 'pass'
          isCut = true
          cuts += 1
          length = bytes.length
          return { cutAfter: Math.min(offset, bytes.length) }
        }
        await beat.schedules.put(name, { task: 'work', at: new Date(Date.now() - 1), onCrash: 'skip' })
        const history = await waitFor(
          async () => {
            const entries = await beat.schedules.history(name)
            return entries.length > 0 && entries
          },
          { what: `the history of ${name}` },
        )
        expect(history, `cut at byte ${offset} of ${length}`).toMatchObject([{ outcome: 'ok', attempt: 1 }])
        expect(starts.get(name), `cut at byte ${offset} of ${length}`).toBe(1)
      }
      expect(cuts).toBeGreaterThan(0)
      expect(cuts).toBe(Math.floor((offset - FIRST) / STEP))
    },
  )
})
