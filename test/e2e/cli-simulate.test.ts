import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli, temporaryFiles } from './cli-runner.js'

const WEEK = ['--from', '2026-11-01T00:00:00Z', '--to', '2026-11-08T00:00:00Z']
const DEFINITIONS = `
schedules:
  slow:
    every: 10m
    overlap: skip
  daily:
    task: report
    cron: 0 9 * * *
    tz: America/New_York
`
/** The definitions come from a file, so the command runs without a Redis. */
const env = { REDIS_URL: 'redis://127.0.0.1:1' }

describe('everybeat simulate', () => {
  it('simulate shows a week of the definitions of a file, with the same result for the same seed', async () => {
    const folder = temporaryFiles({
      'schedules.yaml': DEFINITIONS,
      'tasks.json': JSON.stringify({ slow: { durationMs: 900_000 }, report: { durationMs: 60_000, failureRate: 0.5 } }),
    })
    const file = ['--file', join(folder, 'schedules.yaml'), '--tasks', join(folder, 'tasks.json')]
    const command = ['simulate', ...WEEK, '--workers', '2', ...file, '--seed', '7']
    const shown = await runCli(command, { env })
    expect(shown.exitCode).toBe(0)
    expect(shown.stdout).toContain('2 schedules: ')
    expect(shown.stdout).toMatch(/overlap +slow +\d+ times, skip/)
    const [first, second] = [
      await runCli([...command, '--json'], { env }),
      await runCli([...command, '--json'], { env }),
    ]
    expect(first.stdout).toBe(second.stdout)
    expect(JSON.parse(first.stdout)).toMatchObject({ missed: 0, herds: [] })
  })

  it('simulate writes a page with charts that asks no other host', async () => {
    const folder = temporaryFiles({ 'schedules.yaml': DEFINITIONS })
    const page = join(folder, 'report.html')
    const file = ['--file', join(folder, 'schedules.yaml')]
    const { exitCode } = await runCli(['simulate', ...WEEK, '--workers', '1', ...file, '--html', page], { env })
    expect(exitCode).toBe(0)
    const html = readFileSync(page, 'utf8')
    expect(html).toContain('<svg')
    expect(html).not.toMatch(/(src|href)="|url\(|@import/)
  })

  it.for([
    [['simulate', ...WEEK, '--workers', '0', '--file', '-'], 'workers'],
    [['simulate', '--from', 'soon', '--to', 'later', '--workers', '1', '--file', '-'], 'soon'],
    [['simulate', ...WEEK.slice(0, 2), '--to', '2026-10-01T00:00:00Z', '--workers', '1', '--file', '-'], 'to'],
    [['simulate', ...WEEK, '--workers', '1', '--file', 'there-is-none.yaml'], 'there-is-none.yaml'],
  ] as const)('simulate refuses %s as misuse, and names the mistake', async ([parameters, named]) => {
    const { exitCode, stderr } = await runCli([...parameters], { env, input: DEFINITIONS })
    expect(stderr).toContain(named)
    expect(exitCode).toBe(2)
  })
})
