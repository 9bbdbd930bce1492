import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { ensureTool } from '../support/tools.js'
import { recordScreens, shapeOf } from '../tools/screens/record-screens.js'

const redis = useRedis()
const page = readFileSync(join(PROJECT_DIR, 'docs/guides/command-line.md'), 'utf8')

function recorded(name: string): string {
  return new RegExp(`<!-- screen ${name} -->\\n\\n\`\`\`text\\n([^]*?)\\n\`\`\``).exec(page)?.[1] ?? ''
}

describe('the screens of the guide to the command line', () => {
  it('the screens of the guide have the shape of what top, tail and edit show today', async ({ skip }) => {
    const tool = await ensureTool('tmux')
    if (tool.kind === 'missing') return skip(tool.reason)
    const screens = await recordScreens(tool.path, { redis: redis.url, prefix: uniquePrefix('screens') })
    for (const [name, screen] of Object.entries(screens)) {
      expect(recorded(name).length, name).toBeGreaterThan(100)
      expect(shapeOf(screen), `${name}; npm run screens records it again`).toEqual(shapeOf(recorded(name)))
    }
    // The refusal of the mistake, and that the corrected text was written.
    expect(screens.edit).toMatch(/Refused: every: "5x"[^]*updated \(revision 2\)/)
  })
})
