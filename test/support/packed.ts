import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_DIR } from './build.js'

const run = promisify(execFile)

/** What this project's package.json says, as far as tests look at it. */
export interface Manifest {
  name: string
  version: string
  files: string[]
  bin: Record<string, string>
  exports: Record<string, string | Record<'module' | 'import' | 'require', { types: string; default: string }>>
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
  engines: { node: string }
}

/** Reads this project's package.json. */
export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8')) as Manifest
}

/** A project of a user, in a temporary folder, that has the packed package and only what that depends on. */
export interface Consumer extends Disposable {
  readonly dir: string
  /** Where the package lies in it. */
  readonly packageDir: string
  /** The files of the package, such as `dist/index.js`. */
  readonly files: string[]
  /** The size of the tarball. */
  readonly packedBytes: number
  /** Puts more packages beside it, taken from this project's own; gives those that are not installed here. */
  add(names: readonly string[]): string[]
  /** Runs a program in the project's folder and gives what it prints. */
  run(file: string, ...args: string[]): Promise<string>
}

/**
 * Packs `dist/` as it is and unpacks it where a package manager would put it, without any network: what it depends on is
 * linked from this project's `node_modules`. Something it imports and does not declare is not found there.
 */
export async function createConsumer(): Promise<Consumer> {
  const manifest = readManifest()
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-consumer-'))
  const packageDir = join(dir, 'node_modules', manifest.name)
  mkdirSync(packageDir, { recursive: true })
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], {
    cwd: PROJECT_DIR,
    maxBuffer: 64 * 1024 * 1024,
  })
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }]
  await run('tar', ['-xzf', join(dir, packed.filename), '--strip-components=1', '-C', packageDir])
  const consumer: Consumer = {
    dir,
    packageDir,
    packedBytes: packed.size,
    files: packed.files.map(({ path }) => path).sort(),
    add: (names) => names.filter((name) => !linkPackage(name, join(dir, 'node_modules', name))),
    run: async (file, ...args) => (await run(file, args, { cwd: dir })).stdout,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
  const optional = manifest.peerDependenciesMeta ?? {}
  const peers = Object.keys(manifest.peerDependencies).filter((name) => optional[name]?.optional !== true)
  const missing = consumer.add([...Object.keys(manifest.dependencies), ...peers])
  if (missing.length > 0) throw new Error(`Not installed in this project: ${missing.join(', ')}`)
  return consumer
}

function linkPackage(name: string, link: string): boolean {
  const target = join(PROJECT_DIR, 'node_modules', name)
  if (!existsSync(target)) return false
  mkdirSync(dirname(link), { recursive: true })
  if (!existsSync(link)) symlinkSync(target, link, 'dir')
  return true
}
