import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli, temporaryFiles } from './cli-runner.js'

const redis = useRedis()

async function putOne(prefix: string, name: string): Promise<void> {
  await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
  await beat.schedules.put(name, { every: '1h' })
}

describe('the configuration', () => {
  it.each([
    ['everybeat.config.json', (options: object) => JSON.stringify(options)],
    ['everybeat.config.mjs', (options: object) => `export default ${JSON.stringify(options)}`],
    ['everybeat.config.js', (options: object) => `module.exports = () => (${JSON.stringify(options)})`],
    [
      'everybeat.config.ts',
      (options: object) => `export default async (): Promise<object> => (${JSON.stringify(options)})`,
    ],
  ])('the configuration in %s is found from a folder below', async (name, write) => {
    const prefix = uniquePrefix('config')
    await putOne(prefix, 'one')
    const folder = temporaryFiles({ [name]: write({ redis: redis.url, prefix }) })
    mkdirSync(join(folder, 'below'))
    const cwd = name.endsWith('.ts') ? process.cwd() : join(folder, 'below')
    const { stdout, stderr } = await runCli(
      ['ls'],
      name.endsWith('.ts') ? { cwd: join(folder, 'below'), env: { NODE_PATH: join(cwd, 'node_modules') } } : { cwd },
    )
    expect(stdout + stderr).toContain('one')
  })

  it('environment variables override the configuration, and options override the variables', async () => {
    const [inFile, inVariable, inOption] = ['file', 'variable', 'option'].map((name) => uniquePrefix(name))
    for (const prefix of [inFile!, inVariable!, inOption!]) await putOne(prefix, `of-${prefix}`)
    const cwd = temporaryFiles({
      'everybeat.config.json': JSON.stringify({ redis: 'redis://127.0.0.1:1', prefix: inFile }),
    })
    const env = { EVERYBEAT_REDIS_URL: redis.url }
    expect((await runCli(['ls'], { cwd, env })).stdout).toContain(`of-${inFile}`)
    expect((await runCli(['ls'], { cwd, env: { ...env, EVERYBEAT_PREFIX: inVariable! } })).stdout).toContain(
      `of-${inVariable}`,
    )
    const option = await runCli(['ls', '--prefix', inOption!], { cwd, env: { ...env, EVERYBEAT_PREFIX: inVariable! } })
    expect(option.stdout).toContain(`of-${inOption}`)
  })

  it('a wrong configuration is refused, but commands without Redis still work', async () => {
    const cwd = temporaryFiles({ 'everybeat.config.json': '{' })
    expect(await runCli(['ls'], { cwd })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is not JSON') as string,
    })
    expect((await runCli(['preview', '--every', '1h'], { cwd })).exitCode).toBe(0)
  })
})

describe('an empty prefix', () => {
  it('a command on an empty prefix names the other prefixes in Redis', async () => {
    const prefix = uniquePrefix('other')
    await putOne(prefix, 'one')
    const { stdout, stderr } = await runCli(['ls', '--prefix', 'empty'], { env: { REDIS_URL: redis.url } })
    expect(stdout).toBe('No schedules.\n')
    expect(stderr).toContain(JSON.stringify(prefix))
  })
})

describe('a module of the user', () => {
  it('a module of the user with a syntax error is shown with file and line, also when another one imports it', async () => {
    const folder = temporaryFiles({ 'worker.mjs': "import './broken.mjs'\n", 'broken.mjs': '\n\nconst a = ;\n' })
    const { exitCode, stderr } = await runCli(['worker', join(folder, 'worker.mjs')])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/broken\.mjs:3\n\s+const a = ;/)
  })

  it('a module of the user that throws is shown with its stack', async () => {
    const folder = temporaryFiles({ 'worker.mjs': '\nthrow new Error("boom")\n' })
    const { exitCode, stderr } = await runCli(['worker', join(folder, 'worker.mjs')])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/boom \(ERR_CLI_FAILED\)\n\s+Error: boom\n\s+at .*worker\.mjs:2:7/)
  })

  it('a module of the user whose top-level await never settles is named, with exit code 1', async () => {
    const folder = temporaryFiles({ 'worker.mjs': 'await new Promise(() => {})\nexport default () => {}\n' })
    const { exitCode, stderr } = await runCli(['worker', join(folder, 'worker.mjs')])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('a top-level await never settles') as string,
    })
  })
})

describe('names with control characters', () => {
  it('names with control characters are shown as escapes, in tables, in JSON and in exports', async () => {
    const prefix = uniquePrefix('control')
    const name = 'a\u202eb'
    await putOne(prefix, name)
    const env = { REDIS_URL: redis.url, EVERYBEAT_PREFIX: prefix }
    for (const parameters of [['ls'], ['ls', '--json'], ['export'], ['export', '--format', 'yaml'], ['show', name]]) {
      const { stdout } = await runCli(parameters, { env })
      expect(stdout, parameters.join(' ')).toContain('a\\u202eb')
      expect(stdout, parameters.join(' ')).not.toContain('\u202e')
    }
  })
})

describe('edit', () => {
  const edit = (prefix: string, script: string) => {
    const editor = join(temporaryFiles({ 'editor.cjs': script }), 'editor.cjs')
    return runCli(['edit', 'job'], {
      env: { REDIS_URL: redis.url, EVERYBEAT_PREFIX: prefix, EDITOR: `${process.execPath} ${editor}` },
    })
  }
  const HEAD = "const fs = require('node:fs'); const file = process.argv[2]; let text = fs.readFileSync(file, 'utf8')\n"

  it('edit opens a refused text again with the message on top, and writes the text when it is correct', async () => {
    const prefix = uniquePrefix('edit')
    await putOne(prefix, 'job')
    const script = `${HEAD}text = text.startsWith('# Refused: every: "5x"') ? text.replace('every: 5x', 'every: 5m') : text.replace('every: 1h', 'every: 5x')\nfs.writeFileSync(file, text)`
    expect(await edit(prefix, script)).toMatchObject({ exitCode: 0, stdout: 'job updated (revision 2)\n' })
  })

  it('edit ends when a refused text is not changed, and keeps the text', async () => {
    const prefix = uniquePrefix('edit')
    await putOne(prefix, 'job')
    const { exitCode, stderr } = await edit(
      prefix,
      `${HEAD}fs.writeFileSync(file, text.replace('every: 1h', 'every: ['))`,
    )
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/nothing was changed; your text is in .*definition\.yaml/)
  })

  it('edit shows a conflict with both values, and keeps the edits of others in other fields', async () => {
    const prefix = uniquePrefix('edit')
    await putOne(prefix, 'job')
    const other = (field: string, value: string) =>
      `require('node:child_process').execFileSync('redis-cli', ['-p', '${redis.port}', 'HSET', '{${prefix}}:schedule:job', '${field}', '${value}'])\n`
    const quiet = `${HEAD}${other('note', 'by others')}fs.writeFileSync(file, text.replace('every: 1h', 'every: 2h'))`
    expect(await edit(prefix, quiet)).toMatchObject({ exitCode: 0 })
    const loud = `${HEAD}if (!text.startsWith('# Changed')) {\n${other('every', '3h')}}\nfs.writeFileSync(file, text.replace('every: 2h', 'every: 4h'))`
    const { exitCode, stderr } = await edit(prefix, loud)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('was changed by others in every') as string,
    })
    await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    expect(await beat.schedules.get('job')).toMatchObject({ every: '3h', note: 'by others' })
  })
})

describe('put and run', () => {
  it('put and run warn of an instant in the past, and of a task that no worker has', async () => {
    const env = { REDIS_URL: redis.url, EVERYBEAT_PREFIX: uniquePrefix('past') }
    expect((await runCli(['put', 'old', '--at', '2020-01-01'], { env })).stderr).toContain('in the past')
    expect((await runCli(['put', 'new', '--every', '1h'], { env })).stderr).toBe('')
    expect((await runCli(['run', 'new'], { env })).stdout).toMatch(
      /^new waits as new@.*: no live worker of pool default has the task "new"\n$/,
    )
  })
})

describe('init and completion', () => {
  it('init writes a worker that validates, and keeps existing files', async () => {
    const cwd = temporaryFiles({ 'package.json': '{"name":"@acme/shop"}', 'tsconfig.json': '{}' })
    const { stdout } = await runCli(['init', '--json'], { cwd })
    expect(JSON.parse(stdout)).toMatchObject({
      files: ['worker.ts', 'everybeat.config.json', 'compose.yaml', 'shop-worker.service'],
    })
    expect(await runCli(['init'], { cwd })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('exist already') as string,
    })
  })

  it.each([
    ['--systemd', 'app-worker.service', /^ExecStart=.*\/node_modules\/\.bin\/everybeat worker /m],
    ['--kubernetes', 'k8s/app-worker.yaml', /command: \['node_modules\/\.bin\/everybeat', 'worker'/],
  ])('init %s starts the worker without npx, because npx keeps SIGTERM from it', async (option, file, command) => {
    const cwd = temporaryFiles({ 'package.json': '{"name":"app"}' })
    expect(await runCli(['init', option], { cwd })).toMatchObject({ exitCode: 0 })
    const text = readFileSync(join(cwd, file), 'utf8')
    expect(text).toMatch(command)
    expect(text).not.toMatch(/^[^#]*npx/m)
  })

  it.each(['bash', 'zsh', 'fish', 'powershell'])('completion completes every command in %s', async (shell) => {
    const { stdout } = await runCli(['completion', shell])
    for (const word of ['import', 'tail', 'validate', 'prune']) expect(stdout).toContain(word)
  })
})
