import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createConsumer } from './packed.js'
import { ensureSetupTools } from './setup-tools.js'

/** Projects of users with the packed package, in a folder that is removed after the tests. */
export interface SetupProjects extends Disposable {
  /** Where the tools of the set-ups are installed. */
  readonly toolsDir: string
  /** Makes a project: its files by their paths, beside a `package.json` with these fields. */
  create(name: string, manifest: object, files: Readonly<Record<string, string>>): string
  /** Gives a folder with only these files, and with no packages in reach. */
  isolate(from: string): string
}

/** What a program came to: all that it printed, and its exit code. */
export interface ProgramEnd {
  readonly output: string
  readonly code: number
}

/** A program that starts a worker, waits for the first run of its schedule, says so and stops. */
export const PROGRAM = `import { Everybeat } from 'everybeat'

async function main() {
  const leaseKeeper = process.env.LEASE_KEEPER === 'thread' ? 'thread' : 'loop'
  const redis = process.env.REDIS_URL ?? ''
  const beat = new Everybeat({ redis, prefix: process.env.PREFIX ?? '', leaseKeeper, logger: false })
  const ran = new Promise((resolve) => {
    beat.task('tick', (run) => resolve(run.schedule))
  })
  await beat.schedules.put('every-second', { task: 'tick', every: '1s' })
  await beat.start()
  console.log('ran ' + String(await ran))
  await beat.stop()
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
`

/** The same as a CommonJS module. */
export const COMMONJS_PROGRAM = PROGRAM.replace(/^import (.*) from (.*)$/m, 'const $1 = require($2)')

/** What {@link PROGRAM} prints when it came to its end. */
export const RAN = 'ran every-second\n'

/**
 * Packs the package and installs the tools, once for the tests of a file.
 *
 * @param tools what the projects find of the tools, @param own what they find of this project's packages
 */
export async function createSetupProjects(
  tools: readonly string[],
  own: readonly string[] = [],
): Promise<SetupProjects> {
  const toolsDir = await ensureSetupTools()
  const consumer = await createConsumer()
  consumer.add(['@types/node', 'undici-types', ...own])
  for (const name of tools) link(join(toolsDir, name), join(consumer.dir, 'node_modules', name))
  const isolated: string[] = []
  return {
    toolsDir,
    create(name, manifest, files) {
      const dir = join(consumer.dir, 'projects', name)
      const all = { 'package.json': JSON.stringify({ name, private: true, ...manifest }), ...files }
      for (const [path, text] of Object.entries(all)) {
        mkdirSync(dirname(join(dir, path)), { recursive: true })
        writeFileSync(join(dir, path), text)
      }
      return dir
    },
    isolate(from) {
      const dir = mkdtempSync(join(tmpdir(), 'everybeat-alone-'))
      isolated.push(dir)
      cpSync(from, dir, { recursive: true })
      return dir
    },
    [Symbol.dispose]() {
      for (const dir of isolated) rmSync(dir, { recursive: true, force: true })
      consumer[Symbol.dispose]()
    },
  }
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  if (!existsSync(path)) symlinkSync(target, path, 'dir')
}

let count = 0

/** Runs Node.js in a folder until its end, with a prefix of its own for the program's fleet. */
export function runNode(dir: string, args: readonly string[], env: Record<string, string> = {}): Promise<ProgramEnd> {
  count += 1
  const prefix = `setup-${process.pid}-${count}`
  const options = { cwd: dir, env: { ...process.env, NODE_OPTIONS: '', PREFIX: prefix, ...env }, maxBuffer: 2 ** 26 }
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ output: stdout + stderr, code: error === null ? 0 : Number(error.code ?? 1) })
    })
  })
}
