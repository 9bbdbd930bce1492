import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { PROJECT_DIR } from '../../support/build.js'
import { createConsumer, type Consumer } from '../../support/packed.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const EXAMPLE = join(PROJECT_DIR, 'docs/examples/nestjs')
const NEST = ['@nestjs/common', '@nestjs/core']

/** A running copy of the example, with the lines that it prints. */
function startCopy(
  consumer: Consumer,
  prefix: string,
): { child: ChildProcess; lines: string[]; ended: Promise<unknown[]> } {
  const child = spawn(process.execPath, ['main.js'], {
    cwd: consumer.dir,
    env: { PATH: process.env.PATH, REDIS_URL: redis.url, PREFIX: prefix },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  return { child, lines, ended: once(child, 'exit') }
}

/** Compiles the example as `tsc` with the decorator settings of Nest does, and gives what is wrong with its types. */
function compileExample(dir: string): string[] {
  const files = readdirSync(EXAMPLE).filter((name) => name.endsWith('.ts'))
  for (const name of files) writeFileSync(join(dir, name), readFileSync(join(EXAMPLE, name)))
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  const program = ts.createProgram(
    files.map((name) => join(dir, name)),
    {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      skipLibCheck: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      types: ['node'],
    },
  )
  program.emit()
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

describe.each([
  ['12', 'node_modules'],
  ['11', 'test/support/nest-11/node_modules'],
])('docs/examples/nestjs with Nest %s and the packed package', (version, folder) => {
  let consumer: Consumer
  beforeAll(async () => {
    consumer = await createConsumer()
    expect(consumer.add(['reflect-metadata', 'rxjs', '@types/node', 'undici-types'])).toEqual([])
    mkdirSync(join(consumer.dir, 'node_modules/@nestjs'))
    for (const name of NEST)
      symlinkSync(join(PROJECT_DIR, folder, name), join(consumer.dir, 'node_modules', name), 'dir')
  })
  afterAll(() => consumer[Symbol.dispose]())

  it('the NestJS example compiles, runs each occurrence once on two processes, and drains on SIGTERM', async () => {
    const nest = JSON.parse(readFileSync(join(consumer.dir, 'node_modules/@nestjs/core/package.json'), 'utf8')) as {
      version: string
    }
    expect(nest.version).toMatch(new RegExp(`^${version}\\.`))
    expect(compileExample(consumer.dir)).toEqual([])
    const prefix = uniquePrefix('nest-example')
    const copies = [startCopy(consumer, prefix), startCopy(consumer, prefix)]
    const mails = () => copies.flatMap(({ lines }) => lines.filter((line) => line.startsWith('mail to ops')))
    const both = copies.map(({ lines }) =>
      waitFor(() => lines.includes('up'), { what: 'the application', timeoutMs: 30_000 }),
    )
    await Promise.all(both)
    await waitFor(() => copies.some(({ lines }) => lines.includes('workers: 2')), { what: 'both workers' })
    await waitFor(() => mails().length >= 3, { what: 'three reports' })
    for (const { child } of copies) child.kill('SIGTERM')
    // Nest ends the process with the signal that it got, when everything is closed.
    const ends = await Promise.all(copies.map(({ ended }) => ended))
    expect(ends).toEqual([
      [null, 'SIGTERM'],
      [null, 'SIGTERM'],
    ])
    expect(new Set(mails()).size).toBe(mails().length)

    await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    const history = await beat.schedules.history('report-every-second')
    expect(new Set(history.map(({ outcome }) => outcome))).toEqual(new Set(['ok']))
    expect(history).toHaveLength(mails().length)
    expect((await beat.schedules.get('report-on-workdays'))?.task).toBe('report')
    expect(await beat.fleet()).toEqual([])
  })
})
