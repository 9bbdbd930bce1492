import type { Redis } from 'ioredis'
import type { Everybeat } from '../../src/index.js'

/** Copies the definition and the state of template schedules to new names, a bounded number a call. */
const COPY = `
local tag, from, to, templates = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for index = from, to do
  local template = string.format('template-%03d', index % templates)
  local name = string.format('s-%06d', index)
  for _, kind in ipairs({ ':schedule:', ':state:' }) do
    redis.call('HSET', tag .. kind .. name, unpack(redis.call('HGETALL', tag .. kind .. template)))
  end
  redis.call('ZADD', tag .. ':names', 0, name)
  redis.call('ZADD', tag .. ':due', redis.call('ZSCORE', tag .. ':due', template), name)
end
`
const TEMPLATES = 60
const AT_ONCE = 2_000

/**
 * Writes as many schedules as are asked for, named `s-000000` and on: those of one remainder by 60 have one cron and one
 * task of 20. The fleet writes templates, which are copied inside Redis, so that a hundred thousand take a second or two.
 */
export async function seedSchedules(beat: Everybeat, client: Redis, prefix: string, count: number): Promise<void> {
  await beat.schedules.putMany(
    Array.from({ length: TEMPLATES }, (_, index) => ({
      name: `template-${String(index).padStart(3, '0')}`,
      task: `task-${index % 20}`,
      cron: `${index} 3 * * *`,
      ...(index === 7 ? { tags: ['rare'] } : {}),
    })),
  )
  for (let from = 0; from < count; from += AT_ONCE) {
    await client.eval(COPY, 0, `{${prefix}}`, from, Math.min(from + AT_ONCE, count) - 1, TEMPLATES)
  }
  for (let index = 0; index < TEMPLATES; index++) {
    await beat.schedules.remove(`template-${String(index).padStart(3, '0')}`)
  }
}
