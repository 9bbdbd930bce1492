import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tryFindProgram } from '../../../src/testing/find-program.js'

/** A folder with these files, which are executable unless their name begins with `plain`. */
function createFolder(...names: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-path-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  for (const name of names) writeFileSync(join(dir, name), '', { mode: name.startsWith('plain') ? 0o644 : 0o755 })
  return dir
}

describe('tryFindProgram', () => {
  it('tryFindProgram looks on Windows for the endings of PATHEXT, in its order, in folders with a semicolon between them', () => {
    const [first, second] = [createFolder('readme.txt'), createFolder('code.cmd', 'code.exe', 'code')]
    const place = { platform: 'win32', env: { Path: `${first};;${second}`, PathExt: '.EXE;.CMD' } } as const
    expect(tryFindProgram(['code'], place)).toBe(join(second, 'code.exe'))
    expect(tryFindProgram(['code.cmd'], place)).toBe(join(second, 'code.cmd'))
    expect(tryFindProgram(['readme'], place)).toBeNull()
  })

  it('tryFindProgram uses the usual endings on a Windows that names none, and needs no right to execute there', () => {
    const dir = createFolder('plain-server.exe', 'plain')
    const place = { platform: 'win32', env: { PATH: dir } } as const
    expect(tryFindProgram(['plain-server'], place)).toBe(join(dir, 'plain-server.exe'))
    expect(tryFindProgram(['plain'], place)).toBeNull()
  })

  it('tryFindProgram uses the unchanged name on other systems, and finds only executable files', () => {
    const dir = createFolder('tool', 'tool.exe', 'plain')
    mkdirSync(join(dir, 'folder'))
    const place = { platform: 'linux', env: { PATH: `/absent:${dir}`, PATHEXT: '.EXE' } } as const
    expect(tryFindProgram(['absent', 'tool'], place)).toBe(join(dir, 'tool'))
    expect([tryFindProgram(['plain'], place), tryFindProgram(['folder'], place)]).toEqual([null, null])
  })
})
