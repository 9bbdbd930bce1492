import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

const running = new Set()

// However the harness ends, it ends its server.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a throw-away redis-server on a free loopback port, without persistence, in a directory of its own. */
export async function startRedisServer(extraArguments = []) {
  const directory = await mkdtemp(join(tmpdir(), 'everybeat-benchmark-'))
  const port = await freePort()
  const serverArguments = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    directory,
  ]
  const child = spawn('redis-server', [...serverArguments, ...extraArguments], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  await ready(child, port)
  // Its name keeps the harness's own connection apart from those of the measured workers.
  const redis = new Redis({ host: '127.0.0.1', port, connectionName: 'benchmark-harness' })
  return {
    pid: child.pid,
    port,
    url: `redis://127.0.0.1:${port}`,
    redis,
    async stop() {
      redis.disconnect()
      child.kill('SIGKILL')
      await exited
      running.delete(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function ready(child, port) {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk) => {
      output += chunk
      if (output.includes('Ready to accept connections')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', (error) => reject(new Error(`redis-server did not start: ${error.message}`, { cause: error })))
    child.once('exit', (code) => reject(new Error(`redis-server on port ${port} ended with ${code}: ${output}`)))
  })
}
