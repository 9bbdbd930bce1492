import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { SMTPServer } from 'smtp-server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { ensureTool } from '../../support/tools.js'
import { waitFor } from '../../support/wait-for.js'
import { startExample } from './example-process.js'
import { freePort } from '../../support/free-port.js'

const redis = useRedis()

function environment(label: string) {
  const prefix = uniquePrefix(label)
  const beat = new Everybeat({ redis: redis.url, prefix, logger: false })
  onTestFinished(() => beat.stop())
  return { beat, env: { REDIS_URL: redis.url, PREFIX: prefix } }
}

async function startMailServer(): Promise<{ url: string; mails: string[] }> {
  const mails: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
      stream.on('end', () => {
        mails.push(text)
        done()
      })
    },
  })
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`, mails }
}

describe('docs/examples/email-report', () => {
  it('docs/examples/email-report sends one mail for an occurrence, with an id that is the same over all attempts', async () => {
    const { beat, env } = environment('email')
    const { url, mails } = await startMailServer()
    const workers = [1, 2].map(() => startExample('email-report/worker.ts', { ...env, SMTP_URL: url }))
    for (const worker of workers) await worker.line(/^up$/)
    const { runId } = (await beat.schedules.trigger('daily-report')) as { runId: string }
    const [entry] = await waitFor(
      async () => {
        const history = await beat.schedules.history('daily-report')
        return history.length > 0 && history
      },
      { what: 'the run' },
    )
    expect(entry).toMatchObject({ outcome: 'ok', runId })
    for (const worker of workers) expect(await worker.stop()).toBe(0)
    expect(mails).toHaveLength(1)
    expect(mails[0]).toContain(`Message-ID: <${encodeURIComponent(runId)}@example.org>`)
    expect(mails[0]).toMatch(/^To: ops@example\.org\r?$/m)
  })
})

describe('docs/examples/postgres-fence', () => {
  it('docs/examples/postgres-fence writes a balance once for each run, and refuses a fence that comes late', async (context) => {
    const tool = await ensureTool('postgresql')
    if (tool.kind === 'missing') return context.skip(tool.reason)
    const { beat, env } = environment('postgres')
    const url = await startPostgres(findPostgres())
    const worker = startExample('postgres-fence/worker.ts', { ...env, DATABASE_URL: url })
    await worker.line(/^interest@\d+ with fence \d+: written$/)
    await waitFor(() => worker.lines.filter((line) => line.endsWith('written')).length >= 3, { what: 'three writes' })
    expect(await worker.stop()).toBe(0)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    onTestFinished(() => client.end())
    const { rows } = await client.query<{ amount: string; fence: string }>('SELECT amount, fence FROM balance')
    const history = await beat.schedules.history('interest')
    expect(rows).toEqual([{ amount: String(5 * history.length), fence: String(history[0]?.fence) }])
    // What a worker that was frozen in its run would send when it wakes up.
    const late = `UPDATE balance SET fence = fence + 1000000 WHERE account = 'savings'`
    await client.query(late)
    const thawed = startExample('postgres-fence/worker.ts', { ...env, DATABASE_URL: url })
    await thawed.line(/: refused$/)
    expect(await thawed.stop()).toBe(0)
    expect((await client.query<{ amount: string }>('SELECT amount FROM balance')).rows).toEqual([
      { amount: rows[0]?.amount },
    ])
  })
})

/** The folder of the programs of the newest PostgreSQL of Debian. */
function findPostgres(): string {
  const top = '/usr/lib/postgresql'
  const newest = readdirSync(top).sort((a, b) => Number(b) - Number(a))[0]
  return join(top, newest ?? '', 'bin')
}

/** Starts a PostgreSQL of its own, with its data in a temporary folder; as root under the user that the package made. */
async function startPostgres(bin: string): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'everybeat-postgres-'))
  const isRoot = process.getuid?.() === 0
  const asUser = (file: string, ...args: string[]) =>
    isRoot
      ? execFileSync('runuser', ['-u', 'postgres', '--', join(bin, file), ...args], { stdio: 'pipe', cwd: tmpdir() })
      : execFileSync(join(bin, file), args, { stdio: 'pipe' })
  if (isRoot) execFileSync('chown', ['postgres', data])
  asUser('initdb', '-D', data, '-A', 'trust', '-U', 'everybeat')
  const port = await freePort()
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${data} -c fsync=off`
  asUser('pg_ctl', '-D', data, '-w', '-l', join(data, 'log'), '-o', settings, 'start')
  onTestFinished(() => {
    asUser('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop')
    rmSync(data, { recursive: true, force: true })
  })
  return `postgres://everybeat@127.0.0.1:${port}/postgres`
}
