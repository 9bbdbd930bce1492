import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { hasRedisCli } from '../support/redis-cli.js'
import { runCli, startCli } from './cli-runner.js'

const run = promisify(execFile)
const PORT = /127\.0\.0\.1:(\d+)/

/** The command, listening at a free port. */
async function startServer() {
  const server = startCli(['memory-server', '--port', '0'])
  const port = PORT.exec(await server.line(PORT))![1]!
  return { server, port, url: `redis://127.0.0.1:${port}` }
}

describe('everybeat memory-server', () => {
  it('the memory server serves several processes, says that it stores nothing, and ends with SIGTERM', async () => {
    const { server, url } = await startServer()
    const put = await runCli(['put', 'nightly', '--cron', '0 3 * * *', '--redis', url])
    expect(put).toMatchObject({ exitCode: 0 })
    const listed = await runCli(['ls', '--json', '--redis', url])
    expect(JSON.parse(listed.stdout)).toMatchObject([{ name: 'nightly' }])
    server.kill('SIGTERM')
    const { exitCode, stderr } = await server.ended
    expect(exitCode).toBe(0)
    expect(stderr).toContain('its data is lost when this process ends')
  })

  it('redis-cli can use the memory server', async (context) => {
    context.skip(!(await hasRedisCli()), 'there is no redis-cli on the PATH')
    const { port } = await startServer()
    const ask = async (...words: string[]): Promise<string> => (await run('redis-cli', ['-p', port, ...words])).stdout
    expect(await ask('PING')).toBe('PONG\n')
    expect(await ask('-3', 'HSET', 'h', 'field', 'value')).toBe('1\n')
    expect(await ask('HGETALL', 'h')).toBe('field\nvalue\n')
    expect(await ask('EVAL', "return redis.call('HGET', KEYS[1], 'field')", '1', 'h')).toBe('value\n')
    expect(await ask('INFO', 'server')).toContain('redis_version:7.0')
    expect(await ask('BITCOUNT', 'h')).toContain("ERR unknown command 'BITCOUNT'")
  })

  it('the error about a port in use names the port and the remedy', async () => {
    const { port } = await startServer()
    const { exitCode, stderr } = await runCli(['memory-server', '--port', port])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`cannot listen at 127.0.0.1:${port}`)
    expect(stderr).toContain('give another one, or 0 for a free one')
  })

  it('an invalid port is refused as misuse', async () => {
    const { exitCode, stderr } = await runCli(['memory-server', '--port', 'many'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('many')
  })
})
