#!/usr/bin/env node
import { runCli } from './program.js'

/** How long a process may go on after its command by itself. */
const GRACE_MS = 1000

// A reader that closes the pipe early (`everybeat ls | head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// What a worker's module opened must not keep the process of a command that failed; the timer itself keeps nothing.
void runCli(process.argv.slice(2)).then(() => setTimeout(leave, GRACE_MS).unref())

function leave(): void {
  if (process.stdout.writableLength === 0) process.exit()
  process.stdout.once('drain', leave)
}
