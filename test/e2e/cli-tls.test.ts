import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { uniquePrefix } from '../support/redis.js'
import { useTls } from '../support/redis-tls.js'
import { runCli, startCli, temporaryFiles } from './cli-runner.js'

const tls = useTls()
beforeEach((ctx) => tls.need(ctx))
const MODULE = `
export default async (beat) => {
  const tick = beat.task('tick', () => console.log('ticked'))
  await tick.schedule('ticker', { every: '200ms' })
}
`

describe('the options --tls-ca, --tls-cert and --tls-key', () => {
  it('the TLS options connect every command, and a worker, to a server with a private CA that asks for certificates', async () => {
    const server = await tls.start()
    const { ca, cert, key } = tls.ours.files
    const prefix = uniquePrefix('cli-tls')
    const connection = ['--prefix', prefix, '--tls-ca', ca, '--tls-cert', cert, '--tls-key', key]
    const env = { REDIS_URL: server.url }
    const worker = startCli(['worker', join(temporaryFiles({ 'm.mjs': MODULE }), 'm.mjs'), ...connection], { env })
    await worker.line(/ticked/)
    const cli = (...parameters: string[]) => runCli([...parameters, ...connection, '--json'], { env })
    expect(await cli('put', 'other', '--every', '1h')).toMatchObject({ exitCode: 0 })
    const listed = JSON.parse((await cli('ls')).stdout) as { schedules: { name: string }[] }
    expect(JSON.stringify(listed)).toContain('ticker')
    expect(await cli('doctor')).toMatchObject({ stdout: expect.stringContaining('"connected"') })
    worker.kill('SIGTERM')
    expect(await worker.ended).toMatchObject({ exitCode: 0 })
  })

  it('the error about wrong TLS options names the mistake at once', async () => {
    const server = await tls.start()
    const { ca } = tls.ours.files
    const ls = (...options: string[]) => runCli(['ls', '--redis', server.url, ...options])
    expect(await ls('--tls-ca', tls.stranger.files.ca)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/tls\.ca.*ERR_EVERYBEAT_CONNECTION/s),
    })
    expect(await ls('--tls-ca', ca)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('tls.cert') })
    expect(await ls('--tls-ca', '/nowhere.pem')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/--tls-ca: \/nowhere\.pem.*ENOENT.*ERR_CLI_USAGE/s),
    })
    expect(await runCli(['ls', '--redis', 'redis://127.0.0.1:1', '--tls-ca', ca])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('rediss://'),
    })
    expect(await runCli(['demo', '--redis', server.url, '--tls-ca', ca])).toMatchObject({ exitCode: 2 })
  })
})
