import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { EverybeatError } from '../../errors.js'
import type { LeaseThreadData } from './lease-thread-messages.js'

/** Set by the build: the path of the thread's file in the installed package, or null in the modules for bundlers. */
declare const EVERYBEAT_LEASE_THREAD: string | null | undefined

/** The names of the thread's file beside a bundle. */
const BUNDLED_FILES = ['cjs', 'mjs', 'js'].map((ending) => `everybeat-lease-thread.${ending}`)

/**
 * Starts the lease thread from the compiled, the bundled or the source form of `lease-thread-main.ts`.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_DEPENDENCY` when the thread's file is missing beside a bundle
 */
export function spawnLeaseThread(workerData: LeaseThreadData): Worker {
  const options = { name: 'everybeat-leases', workerData }
  if (typeof EVERYBEAT_LEASE_THREAD !== 'undefined') return new Worker(findFile(EVERYBEAT_LEASE_THREAD), options)
  // The sources, which the tests of this project use, need a loader in the thread.
  const file = JSON.stringify(new URL('./lease-thread-main.ts', import.meta.url).href)
  const code = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${file}, ${file}))`
  return new Worker(code, { ...options, eval: true })
}

function findFile(installed: string | null): string {
  const program = process.argv[1]
  const folders = program === undefined ? [] : [dirname(program)]
  if (typeof __dirname === 'string') folders.push(__dirname)
  const bundled = folders.flatMap((folder) => BUNDLED_FILES.map((name) => join(folder, name)))
  const found = [installed, ...bundled].find((file) => file !== null && existsSync(file))
  if (found != null) return found
  const message = `leaseKeeper is 'thread', and the file ${bundled[0] ?? BUNDLED_FILES[0]} is missing beside the bundle. Build the entry everybeat/lease-thread into that file, or exclude everybeat from the bundle`
  throw new EverybeatError('ERR_EVERYBEAT_DEPENDENCY', message, { field: 'leaseKeeper', value: 'thread' })
}
