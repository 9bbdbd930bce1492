import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Machine, tryFindRedisServer } from '../../../src/testing/install-redis.js'
import { ensureRedisServer } from '../../../src/testing/redis-server.js'

/** A machine of one folder, in which scripts play the programs; what a script writes to `log` is kept. */
function createMachine(programs: Record<string, string>, more: Omit<Machine, 'env'> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-machine-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  const policyFile = join(dir, 'policy-rc.d')
  const log = join(dir, 'log')
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nBIN='${bin}' LOG='${log}' POLICY='${policyFile}'\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const machine: Machine = { env: { PATH: bin }, platform: 'linux', isRoot: true, policyFile, ...more }
  return {
    bin,
    machine,
    policyFile,
    readLog: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  }
}

const INSTALLS_REDIS = `
echo "$DEBIAN_FRONTEND $*" >> "$LOG"
if [ "$1" = install ]; then
  "$POLICY" >/dev/null 2>&1; echo "services: $?" >> "$LOG"
  printf '#!/bin/sh\\n' > "$BIN/redis-server"; /bin/chmod +x "$BIN/redis-server"
fi`

describe('tryFindRedisServer', () => {
  it('tryFindRedisServer finds redis-server first, and valkey-server if no redis-server exists', () => {
    const both = createMachine({ 'valkey-server': '', 'redis-server': '' })
    const valkey = createMachine({ 'valkey-server': '' })
    expect(tryFindRedisServer(both.machine)).toBe(join(both.bin, 'redis-server'))
    expect(tryFindRedisServer(valkey.machine)).toBe(join(valkey.bin, 'valkey-server'))
  })

  it('tryFindRedisServer prefers the server that EVERYBEAT_REDIS_SERVER names, and refuses a file that cannot be executed', () => {
    const { bin, machine } = createMachine({ 'redis-server': '', 'redis-server-6.2': '' })
    const choose = (file: string): Machine => ({ ...machine, env: { ...machine.env, EVERYBEAT_REDIS_SERVER: file } })
    expect(tryFindRedisServer(choose(join(bin, 'redis-server-6.2')))).toBe(join(bin, 'redis-server-6.2'))
    expect(tryFindRedisServer(choose(''))).toBe(join(bin, 'redis-server'))
    expect(() => tryFindRedisServer(choose(join(bin, 'absent')))).toThrow(
      /EVERYBEAT_REDIS_SERVER is ".*absent", which is no file that can be executed/,
    )
  })

  it('tryFindRedisServer ignores files that cannot be executed', () => {
    const { bin, machine } = createMachine({})
    mkdirSync(join(bin, 'redis-server'))
    writeFileSync(join(bin, 'valkey-server'), '')
    expect(tryFindRedisServer(machine)).toBeNull()
  })

  it('tryFindRedisServer looks in every folder of the PATH, and never in the current folder', () => {
    const { bin } = createMachine({})
    symlinkSync(process.execPath, join(bin, 'redis-server'))
    expect(tryFindRedisServer({ env: { PATH: ['', '/nowhere', bin].join(delimiter) } })).toBe(join(bin, 'redis-server'))
    expect(tryFindRedisServer({ env: { PATH: '' } })).toBeNull()
    expect(tryFindRedisServer({ env: {} })).toBeNull()
  })
})

describe('ensureRedisServer', () => {
  it('ensureRedisServer runs no program if a server is installed', async () => {
    const { bin, machine, readLog } = createMachine({ 'redis-server': '', 'apt-get': INSTALLS_REDIS })
    expect(await ensureRedisServer({}, machine)).toBe(join(bin, 'redis-server'))
    expect(readLog()).toEqual([])
  })

  it('ensureRedisServer installs with apt-get as root, without questions and without starting a service', async () => {
    const { bin, machine, policyFile, readLog } = createMachine({ 'apt-get': INSTALLS_REDIS })
    const lines: string[] = []
    expect(await ensureRedisServer({ onProgress: (line) => lines.push(line) }, machine)).toBe(join(bin, 'redis-server'))
    expect(readLog()).toEqual([
      'noninteractive update',
      'noninteractive install -y --no-install-recommends -o DPkg::Lock::Timeout=120 redis-server',
      'services: 101',
    ])
    expect(existsSync(policyFile)).toBe(false)
    expect(lines[0]).toMatch(/^Installing redis-server with apt-get/)
  })

  it('ensureRedisServer keeps a policy that the machine already has', async () => {
    const { machine, policyFile, readLog } = createMachine({ 'apt-get': INSTALLS_REDIS })
    writeFileSync(policyFile, '#!/bin/sh\nexit 104\n', { mode: 0o755 })
    await ensureRedisServer({ quiet: true }, machine)
    expect(readFileSync(policyFile, 'utf8')).toContain('exit 104')
    expect(readLog()).toContain('services: 104')
  })

  it('ensureRedisServer installs although the package lists cannot be renewed', async () => {
    const script = `[ "$1" = update ] && { echo 'no network' >&2; exit 100; }\n${INSTALLS_REDIS}`
    const { bin, machine } = createMachine({ 'apt-get': script })
    const lines: string[] = []
    expect(await ensureRedisServer({ onProgress: (line) => lines.push(line) }, machine)).toBe(join(bin, 'redis-server'))
    expect(lines.join('\n')).toContain('no network')
  })

  it('the error of ensureRedisServer says why the installation failed, and services may start again', async () => {
    const { machine, policyFile } = createMachine({ 'apt-get': `echo 'E: broken packages' >&2; exit 100` })
    await expect(ensureRedisServer({ quiet: true }, machine)).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_DEPENDENCY',
      message: expect.stringMatching(/sudo apt-get install redis-server.*E: broken packages/s) as string,
    })
    expect(existsSync(policyFile)).toBe(false)
  })

  it('ensureRedisServer runs no program and says what to install if the user is not root', async () => {
    const { machine, readLog } = createMachine({ 'apt-get': INSTALLS_REDIS }, { isRoot: false })
    await expect(ensureRedisServer({}, machine)).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_DEPENDENCY',
      message: expect.stringContaining('"sudo apt-get install redis-server"') as string,
    })
    expect(readLog()).toEqual([])
  })

  it('ensureRedisServer says what to install if it knows no package manager of the machine', async () => {
    const { machine } = createMachine({})
    await expect(ensureRedisServer({}, machine)).rejects.toThrow(
      /neither redis-server nor valkey-server is on the PATH/,
    )
  })

  it('ensureRedisServer installs with Homebrew on macOS', async () => {
    const script = `echo "$*" >> "$LOG"; printf '#!/bin/sh\\n' > "$BIN/redis-server"; /bin/chmod +x "$BIN/redis-server"`
    const { bin, machine, readLog } = createMachine({ brew: script }, { platform: 'darwin', isRoot: false })
    expect(await ensureRedisServer({ quiet: true }, machine)).toBe(join(bin, 'redis-server'))
    expect(readLog()).toEqual(['install redis'])
  })
})
