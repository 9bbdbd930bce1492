import { describe, expect, it } from 'vitest'
import { runCli } from './cli-runner.js'
import { freePort } from '../support/free-port.js'

const COMMANDS = [
  ...['worker', 'demo', 'put', 'ls', 'show', 'edit', 'rm', 'pause', 'resume', 'run', 'next', 'preview', 'history'],
  ...['explain', 'backfill', 'fleet', 'doctor', 'cancel', 'import', 'export'],
]

describe('help', () => {
  it('help lists every command and exits 0', async () => {
    const { exitCode, stdout, stderr } = await runCli(['--help'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('help shows the global options in the help of a command', async () => {
    const { exitCode, stdout } = await runCli(['put', '--help'])
    expect(exitCode).toBe(0)
    for (const option of ['--misfire-grace', '--on-crash', '--redis', '--prefix', '--json'])
      expect(stdout).toContain(option)
  })

  it('help is shown on standard error when no command is given', async () => {
    const { exitCode, stdout, stderr } = await runCli([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('Commands:')
    expect(stderr).toMatch(/\nerror: no command given.*\n$/)
  })

  it('help shows the version', async () => {
    expect(await runCli(['--version'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })
})

describe('usage errors', () => {
  it.each([
    [['--no-color'], /no command given/],
    [['lss'], /unknown command 'lss' \(Did you mean ls\?\)/],
    [['ls', '--nope'], /unknown option '--nope'/],
    [['show'], /missing required argument 'name'/],
    [['put', 'a', '--payload', 'hello'], /payload is not JSON/],
    [['history', 'a', '-n', '0'], /Give a whole number from 1 up/],
    [['put', 'a', '--misfire', 'sometimes'], /Allowed choices are skip, latest, all/],
    [['put', 'a', '--file', 'no-such-file.json'], /cannot read no-such-file\.json/],
    [['rm', 'a'], /--yes/],
    [['edit', 'a', '--set', 'crn=x'], /no field "crn"/],
    [['worker', 'no-such-module.mjs'], /there is no module .*no-such-module\.mjs/],
    [['demo', '--seconds', '1'], /Give a whole number from 5 up/],
  ])('the misuse %j ends the command with exit code 2 and one line', async (parameters, message) => {
    const { exitCode, stdout, stderr } = await runCli(parameters)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error: .* \(ERR_[A-Z_]+\)\n$/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })

  it('usage errors are JSON with --json at any place', async () => {
    for (const parameters of [
      ['--json', 'lss'],
      ['ls', '--nope', '--json'],
      ['show', '--json'],
    ]) {
      const { exitCode, stderr } = await runCli(parameters)
      expect(exitCode).toBe(2)
      expect(JSON.parse(stderr)).toEqual({ error: { code: 'ERR_CLI_USAGE', message: expect.any(String) } })
    }
  })
})

describe('an unreachable Redis', () => {
  it('a command without a reachable Redis ends with exit code 1 and a clear line without the password', async () => {
    const port = await freePort()
    const url = `redis://:hunter2@127.0.0.1:${port}`
    const { exitCode, stdout, stderr } = await runCli(['ls', '--redis', url, '--connect-timeout', '300'])
    expect(stderr).toMatch(/^error: .*\(ERR_EVERYBEAT_CONNECTION\)\n$/)
    expect(stderr).toContain(String(port))
    expect(stderr).not.toContain('hunter2')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  })
})
