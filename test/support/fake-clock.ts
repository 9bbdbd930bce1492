import { execFile } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A wall clock of its own for processes that get `env`; their timers and their monotonic clock stay real. */
export interface FakeClock extends Disposable {
  /** Environment variables of a process that lives by this clock. */
  readonly env: Record<string, string>
  /** Makes the clock jump, also in processes that run already: `'+3h'`, `'-90s'` off the true time. */
  jumpTo(offset: string): void
}

/** Creates a wall clock that is `offset` (`'+3h'`, `'-90s'`) off, by the program `faketime` at this path. */
export async function createFakeClock(faketime: string, offset: string): Promise<FakeClock> {
  // The program knows where its library is; it stays out of the process tree, for it would fork and hide the pid.
  const { stdout } = await promisify(execFile)(faketime, ['-m', '-f', '+0s', 'env'])
  const library = /^LD_PRELOAD=(.*)$/m.exec(stdout)?.[1]
  if (library === undefined) throw new Error(`${faketime} names no library to preload: ${stdout}`)
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-clock-'))
  const file = join(dir, 'offset')
  const clock: FakeClock = {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // One setting under its old and its new name.
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    jumpTo(next) {
      // A process that reads the clock at this very moment must not find an empty file.
      writeFileSync(`${file}.next`, `${next}\n`)
      renameSync(`${file}.next`, file)
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
  clock.jumpTo(offset)
  return clock
}
