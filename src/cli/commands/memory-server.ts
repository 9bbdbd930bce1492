import { startMemoryServer } from '../../testing/index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { nextStopSignal } from '../stop-signals.js'

interface MemoryServerCommandOptions {
  port: number
}

const DEFAULT_PORT = 6379

/** `memory-server`: runs a Redis inside this process, for machines without a Redis. */
export function registerMemoryServer(program: Command): void {
  const command = program
    .command('memory-server')
    .description('run a Redis inside this process, for development and tests')
    .option('--port <number>', 'TCP port on 127.0.0.1; 0 for a free one', wholeNumber(0), DEFAULT_PORT)
  setAction<MemoryServerCommandOptions, []>(command, async (session, { port }) => {
    const server = await startMemoryServer({ port })
    session.note('The memory server is for development and tests: its data is lost when this process ends.')
    session.result({ url: server.url, port: server.port }, () => `listening at ${server.url}`)
    await nextStopSignal()
    await server.stop()
    return 0
  })
}
