import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { EverybeatError } from '../../errors.js'
import type { LeaseThreadData } from './lease-thread-messages.js'

/** The build sets it: the path of the thread's file in the installed package, or null in the modules that bundlers take. */
declare const EVERYBEAT_LEASE_THREAD: string | null | undefined

/** The names under which a bundle keeps the thread's file beside itself. */
const BUNDLED_FILES = ['cjs', 'mjs', 'js'].map((ending) => `everybeat-lease-thread.${ending}`)

/**
 * Starts the thread that extends leases: `lease-thread-main.ts`, as it is compiled, bundled, or in the sources.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_DEPENDENCY` when a bundle does not have the file of the thread beside it
 */
export function spawnLeaseThread(workerData: LeaseThreadData): Worker {
  const options = { name: 'everybeat-leases', workerData }
  if (typeof EVERYBEAT_LEASE_THREAD !== 'undefined') return new Worker(findFile(EVERYBEAT_LEASE_THREAD), options)
  // From the sources, as the tests of this project run it, the thread needs what reads them.
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
  const message = `leaseKeeper is 'thread', and the file ${bundled[0] ?? BUNDLED_FILES[0]} is missing: a bundle has to have it beside it. Build the entry everybeat/lease-thread into that file, or leave everybeat out of the bundle`
  throw new EverybeatError('ERR_EVERYBEAT_DEPENDENCY', message, { field: 'leaseKeeper', value: 'thread' })
}
