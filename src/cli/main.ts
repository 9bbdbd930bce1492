#!/usr/bin/env node
import { runCli } from './program.js'

/** Longest time for a process to end by itself after its command, ms. */
const GRACE_MS = 1000

// A program that closes the pipe early (`everybeat ls | head -1`) causes no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// Resources that a worker's module opened must not keep the process alive after its command failed. The timer itself
// does not.
void runCli(process.argv.slice(2)).then(() => setTimeout(leave, GRACE_MS).unref())

function leave(): void {
  if (process.stdout.writableLength === 0) process.exit()
  process.stdout.once('drain', leave)
}
