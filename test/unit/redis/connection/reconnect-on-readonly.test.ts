import { describe, expect, it } from 'vitest'
import { createDemotionRule } from '../../../../src/redis/connection/reconnect-on-readonly.js'

const READONLY = new Error("READONLY You can't write against a read only replica. script: 1, on @user_script:1.")

function ruleAt(): { at: (ms: number, error?: Error) => boolean } {
  let now = 0
  const rule = createDemotionRule(() => now)
  return {
    at(ms, error = READONLY) {
      now = ms
      return rule(error)
    },
  }
}

describe('the rule for a server that was demoted', () => {
  it('the rule for a server that was demoted asks for a new connection at the first READONLY, also in the form of older servers', () => {
    expect(ruleAt().at(0)).toBe(true)
    const wrapped = `ERR Error running script (call to f_1): @user_script:3: -READONLY You can't write against a read only replica.`
    expect(ruleAt().at(0, new Error(wrapped))).toBe(true)
  })

  it('the rule for a server that was demoted ignores every other error', () => {
    for (const message of ['ERR unknown command', 'NOSCRIPT No matching script', 'OOM command not allowed', 'READONLY'])
      expect(ruleAt().at(0, new Error(message))).toBe(false)
  })

  it('the rule for a server that was demoted asks less and less often while the answer repeats, and at once again after a long time', () => {
    const { at } = ruleAt()
    const asked: number[] = []
    for (let ms = 0; ms <= 35_000; ms += 100) if (at(ms)) asked.push(ms)
    expect(asked.map((ms, index) => ms - (asked[index - 1] ?? 0)).slice(1)).toEqual([
      1_000, 2_000, 4_000, 8_000, 8_000, 8_000,
    ])
    expect([at(asked.at(-1)! + 31_000), at(asked.at(-1)! + 32_100)]).toEqual([true, true])
  })
})
