import { ensureRedisServer } from '../../src/testing/redis-server.js'
import { ensureBuild } from '../support/build.js'
import { FIELD_ENTRIES } from './entries.js'
import { tryEntries } from './entry.js'

/** Entries that are tried at once: each waits most of its time. */
const AT_ONCE = 3

const keys = process.argv.slice(2)
const entries = keys.length === 0 ? FIELD_ENTRIES : FIELD_ENTRIES.filter(({ key }) => keys.includes(key))
if (entries.length < keys.length) {
  process.stderr.write(`Usage: npm run field -- [${FIELD_ENTRIES.map(({ key }) => key).join(' | ')}]…\n`)
  process.exit(2)
}
const show = (line: string): void => void process.stderr.write(`${line}\n`)
await ensureBuild(show)
await ensureRedisServer({ onProgress: show })
const startedAt = performance.now()
const wrongCount = await tryEntries(entries, AT_ONCE, (line) => process.stdout.write(`${line}\n`))
const seconds = Math.round((performance.now() - startedAt) / 1_000)
process.stdout.write(`${entries.length - wrongCount} of ${entries.length} are right, in ${seconds} s\n`)
process.exitCode = wrongCount > 0 ? 1 : 0
