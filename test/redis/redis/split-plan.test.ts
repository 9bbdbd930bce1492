import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parsePlan, PLAN_END } from '../../../src/schedule/plan-text.js'
import { PROJECT_DIR } from '../../support/build.js'
import { useRedis } from '../../support/redis.js'

const redis = useRedis()
const library = (name: string): string => readFileSync(join(PROJECT_DIR, `src/redis/scripts/lib/${name}.lua`), 'utf8')

/** Takes each of the plans apart as a claim does, instant by instant, until nothing is left. */
const SCRIPT = `${library('numbers')}
${library('plan')}
local reply = {}
for i, plan in ipairs(ARGV) do
  local items, item, rest = {}, split_plan(plan)
  while item do
    items[#items + 1] = table.concat({ text_of(item.nominal), text_of(item.start), tostring(item.catch_up), text_of(item.missed) }, ' ')
    item, rest = split_plan(rest)
  end
  reply[i] = items
end
return reply`

const instant = fc
  .tuple(fc.integer({ min: -1e12, max: 8e15 }), fc.nat(1e9), fc.constantFrom('', 'c', 'c0', 'c7', 'c123456'))
  .map(([nominal, delay, mark]) => `${nominal}${delay % 3 === 0 ? '' : `+${delay}`}${mark}`)
const plan = fc
  .tuple(fc.array(instant, { maxLength: 16 }), fc.boolean())
  .map(([items, isClosed]) => [...items, ...(isClosed ? [PLAN_END] : [])].join(' '))

it('split_plan of the scripts reads every plan as parsePlan does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 50 }), async (plans) => {
      const read = plans.map((text) =>
        parsePlan(text).instants.map(
          ({ nominalMs, delayMs, isCatchUp, missed }) => `${nominalMs} ${nominalMs + delayMs} ${isCatchUp} ${missed}`,
        ),
      )
      expect(await redis.client.eval(SCRIPT, 0, ...plans)).toEqual(read)
    }),
  )
})
