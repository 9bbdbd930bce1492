import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { preview } from '../../src/time/preview.js'
import type { TriggerInput } from '../../src/time/trigger-input.js'

const guide = readFileSync(new URL('../../docs/guides/time.md', import.meta.url), 'utf8')
const examples = [...guide.matchAll(/```text\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split('\n\n'))

describe(`the ${examples.length} examples of the guide to time`, () => {
  test.each(examples)(`the ${examples.length} examples of the guide to time: %s`, (example) => {
    const [head, ...lines] = example.split('\n')
    const [, json, from] = /^(\{.*\}) (?:after (\S+)|is refused)$/.exec(head!)!
    const definition = JSON.parse(json!) as TriggerInput
    if (from === undefined) {
      expect(() => preview(definition, { from: 0, count: 1 })).toThrow(lines.join('\n'))
      return
    }
    const printed = preview(definition, { from, count: lines.length }).map(({ at, local, note }) =>
      [at.toISOString().replace('.000Z', 'Z'), local, ...(note === undefined ? [] : [note])].join('  '),
    )
    expect(printed).toEqual(lines)
  })

  test(`the guide to time has ${examples.length} examples`, () => {
    expect(examples.length).toBeGreaterThan(12)
  })
})
