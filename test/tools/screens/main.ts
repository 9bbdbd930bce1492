/** Records the screens of the guide to the command line: `npm run screens`. It needs tmux. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startRedisServer } from '../../../src/testing/index.js'
import { tryFindProgram } from '../../../src/testing/find-program.js'
import { PROJECT_DIR } from '../../support/build.js'
import { recordScreens } from './record-screens.js'

const tmux = tryFindProgram(['tmux'])
if (tmux === null) throw new Error('tmux is not on the PATH')
const redis = await startRedisServer()
try {
  const screens = await recordScreens(tmux, { redis: redis.url, prefix: 'shop' })
  const file = join(PROJECT_DIR, 'docs/guides/command-line.md')
  let page = readFileSync(file, 'utf8')
  for (const [name, text] of Object.entries(screens)) {
    const block = new RegExp(`(<!-- screen ${name} -->\\n\\n\`\`\`text\\n)[^]*?(\n\`\`\`)`)
    if (!block.test(page)) throw new Error(`${file} has no place for the screen ${name}`)
    page = page.replace(block, (_, before: string, after: string) => `${before}${text}${after}`)
  }
  writeFileSync(file, page)
} finally {
  await redis.stop()
}
