// Counts the files that one schedule passes from `put` to its history entry: those with a function that was called between
// the two, and the Lua files of the scripts that Redis ran.
//
//   node test/tools/count-path.mjs <folder of the unbundled build> <folder of its sources>
//
// The folder of the build is what `tsc --outDir` writes: one file for each source. Calls while a module is evaluated, while
// the worker starts, and those of its heartbeats before `put` are not counted. It needs redis-server on the PATH.
import { existsSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const [build, sources] = process.argv.slice(2).map((folder) => resolve(folder))
const { Everybeat } = await import(pathToFileURL(join(build, 'index.js')).href)
const { startRedisServer } = await import(pathToFileURL(join(build, 'testing/index.js')).href)
const { SCRIPTS } = await import(pathToFileURL(join(build, 'redis/scripts/generated.js')).href)
const { Redis } = await import(pathToFileURL(join(sources, '../node_modules/ioredis/built/index.js')).href)

const redis = await startRedisServer()
const session = new Session()
session.connect()
const beat = new Everybeat({ redis: redis.url, prefix: 'path', logger: false })
const client = new Redis(redis.url)
const monitor = await client.monitor()
try {
  beat.task('work', () => 'done')
  await beat.start()
  await session.post('Profiler.enable')
  const sent = new Set()
  monitor.on('monitor', (_time, [command, digest]) => void (/^evalsha$/i.test(command) && sent.add(digest)))
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await session.post('Profiler.takePreciseCoverage')
  const isRun = new Promise((done) => beat.on('run:succeeded', done))
  await beat.schedules.put('one', { task: 'work', at: new Date(Date.now() + 200) })
  await isRun
  const [entry] = await beat.schedules.history('one')
  const { result } = await session.post('Profiler.takePreciseCoverage')
  if (entry?.outcome !== 'ok') throw new Error(`the run ended as ${entry?.outcome}`)
  report('TypeScript', calledFiles(result))
  report('Lua', luaFiles(sent))
} finally {
  await beat.stop()
  monitor.disconnect()
  client.disconnect()
  await redis.stop()
  session.disconnect()
}

/** The files of the build in which a function was called; the body of a module is the function without a name at 0. */
function calledFiles(scripts) {
  const folder = `${pathToFileURL(build).href}/`
  return scripts
    .filter(({ url, functions }) => url.startsWith(folder) && functions.some((called) => isCalled(called)))
    .map(({ url }) =>
      fileURLToPath(url)
        .slice(build.length + 1)
        .replace(/\.js$/, '.ts'),
    )
}

function isCalled({ functionName, ranges: [range] }) {
  return range.count > 0 && !(functionName === '' && range.startOffset === 0)
}

/** The Lua files of the scripts with these digests, with what they include. */
function luaFiles(digests) {
  const folder = join(sources, 'redis/scripts')
  const names = Object.keys(SCRIPTS).filter((name) => digests.has(SCRIPTS[name].sha1))
  const found = new Set()
  const visit = (path) => {
    if (found.has(path) || !existsSync(join(folder, path))) return
    found.add(path)
    const text = readFileSync(join(folder, path), 'utf8')
    for (const [, included] of text.matchAll(/-- @include (\S+)/g)) visit(included)
  }
  for (const name of names) visit(`${name}.lua`)
  return [...found]
}

function report(language, files) {
  console.log(
    `${files.length} files of ${language}\n${files
      .sort()
      .map((file) => `  ${file}\n`)
      .join('')}`,
  )
}
