import { connect } from 'node:net'
import { StringDecoder } from 'node:string_decoder'

// `+1339518083.107412 [0 lua] "hgetall" "key"`; the source is an address for a command of a client.
const LINE = /^\+\d+\.\d+ \[\d+ (\S+)\] "([^"]*)"(?: "([^"]*)")?/

/**
 * Reads `MONITOR` on a socket of its own: a client library that also waits for replies trips over lines that arrive in
 * one piece with the answer to MONITOR. Calls `onCommand(source, command, firstArgument)` for every line.
 */
export async function openMonitor(port, onCommand) {
  const socket = connect({ host: '127.0.0.1', port })
  const decoder = new StringDecoder('utf8')
  let rest = ''
  await new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => socket.write('MONITOR\r\n'))
    socket.on('data', (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\r\n')
      rest = lines.pop()
      for (const line of lines) {
        const match = LINE.exec(line)
        if (match) onCommand(match[1], match[2].toLowerCase(), match[3])
        else if (line === '+OK') resolve()
      }
    })
  })
  return { close: () => socket.destroy() }
}
