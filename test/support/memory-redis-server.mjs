#!/usr/bin/env node
// The memory store in place of redis-server: takes its arguments, and says the same when it is ready.
// Usage: EVERYBEAT_REDIS_SERVER=test/support/memory-redis-server.mjs
import { once } from 'node:events'
import { connect } from 'node:net'
import { startMemoryServer } from '../../dist/testing/index.js'

/** What redis-server takes and the store has no use for. */
const IGNORED = ['port', 'dir', 'bind']
const settings = new Map()
const words = process.argv.slice(2)
for (let at = 0; at < words.length; at += 1) {
  if (words[at].startsWith('--')) settings.set(words[at].slice(2), words[at + 1] ?? '')
}

async function change(port, name, value) {
  const socket = connect(port, '127.0.0.1')
  const sent = ['CONFIG', 'SET', name, value]
  socket.write(`*4\r\n${sent.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`)
  await once(socket, 'data')
  socket.destroy()
}

try {
  const { port } = await startMemoryServer({ port: Number(settings.get('port') ?? 6379) })
  for (const [name, value] of settings) if (!IGNORED.includes(name)) await change(port, name, value)
} catch (error) {
  console.log(error.cause?.code === 'EADDRINUSE' ? 'bind: Address already in use' : String(error))
  process.exit(1)
}
console.log('Ready to accept connections')
process.on('SIGTERM', () => process.exit(0))
process.on('SIGINT', () => process.exit(0))
