import { describe, expect, it } from 'vitest'
import { commandReader } from '../../support/redis-proxy.js'

const PING = '*1\r\n$4\r\nPING\r\n'
const SET = '*3\r\n$3\r\nset\r\n$1\r\na\r\n$5\r\n*1\r\nb\r\n'

function read(...chunks: (string | Buffer)[]): string[] {
  const names: string[] = []
  const reader = commandReader((name) => names.push(name))
  for (const chunk of chunks) reader(Buffer.from(chunk as string))
  return names
}

describe('the command reader of the proxy', () => {
  it('the command reader of the proxy finds the names of commands whatever the split of the bytes', () => {
    expect(read(PING + SET, PING)).toEqual(['ping', 'set', 'ping'])
    expect(read(...(PING + SET + PING))).toEqual(['ping', 'set', 'ping'])
  })

  it.each([
    ['an inline command', 'PING\r\nPING\r\n'],
    ['an empty line', '\r\n\r\n'],
    ['a size that is no number', '*x\r\n$4\r\nPING\r\n'],
    ['a negative size', '*-1\r\n$4\r\nPING\r\n'],
    ['words without their size', '*1\r\nPING\r\n'],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x0d, 0x0a, 0x0d, 0x0a])],
    ['a line without an end', '*'.padEnd(1_000, '1')],
  ])('the command reader of the proxy passes over %s', (_what, bytes) => {
    expect(read(PING, bytes, PING)).toEqual(['ping'])
  })
})
