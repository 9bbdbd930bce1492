import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_DIR } from './build.js'
import { waitFor } from './wait-for.js'

const run = promisify(execFile)

/** A terminal without a person: the typed keys, and the shown text. */
export interface Screen extends AsyncDisposable {
  /** The folder that its shell is in. */
  readonly folder: string
  /** Types a line and sends it off. */
  type(line: string): Promise<void>
  /** Presses a key by the name that tmux has for it, `C-c` for example. */
  press(key: string): Promise<void>
  /** Waits until the screen matches, and gives its text without the empty lines at its end. */
  shows(pattern: RegExp): Promise<string>
}

let count = 0

/**
 * Opens a terminal in tmux, with a shell in which `everybeat` is the built command, and these variables.
 *
 * @param tmux the path of tmux, @param size columns and rows
 */
export async function openScreen(
  tmux: string,
  env: Readonly<Record<string, string>>,
  size: { columns: number; rows: number },
): Promise<Screen> {
  count += 1
  const folder = mkdtempSync(join(tmpdir(), 'everybeat-screen-'))
  const command = join(folder, 'everybeat')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${join(PROJECT_DIR, 'dist/cli/main.js')}' "$@"\n`)
  chmodSync(command, 0o755)
  const variables = {
    ...env,
    PS1: '$ ',
    NO_COLOR: '1',
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    LC_ALL: 'C.UTF-8',
  }
  // A server of its own: sessions of the user and of other tests are none of it.
  const socket = ['-L', `everybeat-${process.pid}-${count}`, '-f', '/dev/null']
  const call = async (...parameters: string[]): Promise<string> =>
    (await run(tmux, ['-u', ...socket, ...parameters])).stdout
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  await call(
    ...['new-session', '-d', '-s', 'screen', '-x', String(size.columns), '-y', String(size.rows), '-c', folder],
    ...['env', ...assignments, 'sh'],
  )
  const read = async (): Promise<string> => (await call('capture-pane', '-p', '-t', 'screen')).trimEnd()
  return {
    folder,
    async type(line) {
      await call('send-keys', '-t', 'screen', '-l', line)
      await call('send-keys', '-t', 'screen', 'Enter')
    },
    async press(key) {
      await call('send-keys', '-t', 'screen', key)
    },
    async shows(pattern) {
      let text = ''
      await waitFor(
        async () => {
          text = await read()
          return pattern.test(text)
        },
        { what: `${pattern} on the screen`, timeoutMs: 40_000, intervalMs: 50 },
      ).catch((cause: unknown) => {
        throw new Error(`the screen never showed ${pattern}; it shows:\n${text}`, { cause })
      })
      return text
    },
    async [Symbol.asyncDispose]() {
      await call('kill-server').catch(() => undefined)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
