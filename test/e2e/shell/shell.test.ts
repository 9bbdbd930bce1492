import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { shell } from '../../../src/shell/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()

async function startWorker(options = {}): Promise<Everybeat> {
  const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix('shell'), logger: false })
  onTestFinished(() => beat.stop())
  beat.task('shell', shell(options))
  await beat.start()
  return beat
}

async function run(payload: unknown, options = {}, more = {}) {
  const beat = await startWorker(options)
  await beat.schedules.put('command', { task: 'shell', at: new Date(), payload, ...more })
  return await waitFor(async () => (await beat.schedules.history('command'))[0], { what: 'the end of the command' })
}

function useFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'everybeat-shell-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

describe('shell', () => {
  it('shell runs the text of a payload as a line of a crontab, and keeps its output', async () => {
    const entry = await run('echo "$((1 + 2)) apples"; echo of "$EVERYBEAT_SCHEDULE" >&2')
    const result = { exitCode: 0, stdout: '3 apples\n', stderr: 'of command\n' }
    expect(entry).toMatchObject({ outcome: 'ok', result })
  })

  it('shell gives input, variables and the chosen shell to a command', async () => {
    const payload = { command: 'read line; echo "$line $COLOUR ${RANDOM:+bash}"', stdin: 'hello\n' }
    const entry = await run({ ...payload, env: { COLOUR: 'blue', SHELL: '/bin/bash' }, user: userInfo().username })
    expect(entry.result).toMatchObject({ stdout: 'hello blue bash\n' })
  })

  it('shell passes arguments to a program unchanged, without a shell', async () => {
    const folder = useFolder()
    const arg = `$(touch ${folder}/a); \`touch ${folder}/b\` "; touch ${folder}/c`
    const entry = await run({ command: 'printf', args: ['%s', arg] })
    expect(entry.result).toMatchObject({ stdout: arg })
    expect(['a', 'b', 'c'].filter((name) => existsSync(join(folder, name)))).toEqual([])
  })

  it.each([
    ['false', /ended with exit code 1/],
    ['echo no paper >&2; exit 7', /ended with exit code 7: no paper/],
    ['kill -9 $$', /was ended by SIGKILL/],
    [{ command: '/no/such/program', args: [] }, /\/no\/such\/program cannot be started/],
  ])('shell fails the run of %j', async (payload, message) => {
    const entry = await run(payload)
    expect(entry).toMatchObject({ outcome: 'failed' })
    expect(entry.error).toMatch(message)
  })

  it('shell keeps the end of a long output, as much as a result may have', async () => {
    const { result } = await run('yes | head -c 100000; printf end')
    const { stdout } = result as { stdout: string }
    expect(stdout.length).toBeGreaterThan(1_000)
    expect(stdout.endsWith('y\nend')).toBe(true)
  })

  it('shell ends a command with all its child processes at the timeout', async () => {
    const folder = useFolder()
    // The one in the background does not care for SIGTERM.
    const background = `sh -c 'trap "" TERM; echo $$ > ${folder}/pid; exec sleep 600' &`
    const entry = await run(`${background} sleep 600`, {}, { timeout: 300 })
    expect(entry).toMatchObject({ outcome: 'failed', reason: 'timeout' })
    const { readFileSync } = await import('node:fs')
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await waitFor(() => !isAlive(pid), { what: 'the end of the process in the background' })
  })

  it.each([
    [null, 'payload'],
    [{ command: '' }, 'command'],
    [{ command: 'ls', argv: [] }, 'payload'],
    [{ command: 'ls', args: [1] }, 'args'],
    [{ command: 'ls', env: { A: 1 } }, 'env'],
    [{ command: 'ls', user: 'somebody-else' }, 'user'],
  ])('shell refuses the payload %j', async (payload, field) => {
    const entry = await run(payload)
    expect(entry).toMatchObject({ outcome: 'failed' })
    expect(entry.error).toContain(`EverybeatError: ${field}: `)
  })

  it('shell runs only the allowed commands, if a list of them is given', async () => {
    expect(await run('echo one', { commands: ['echo one'] })).toMatchObject({ outcome: 'ok' })
    expect(await run('echo one; id', { commands: ['echo one'] })).toMatchObject({ outcome: 'failed' })
    expect(() => shell({ commands: 'ls' as never })).toThrow(expect.objectContaining({ field: 'commands' }))
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
