import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'

/** The machine on which a program is searched; every field has the value of the real machine as its default. */
export interface ProgramPlace {
  /** Environment variables: `PATH`, and on Windows `PATHEXT`; there their names may have any case. */
  env?: NodeJS.ProcessEnv
  platform?: NodeJS.Platform
}

/** The endings of programs on Windows without `PATHEXT`. */
const WINDOWS_ENDINGS = '.COM;.EXE;.BAT;.CMD'

/**
 * Gives the path of the first executable file with one of these names, name by name, in the folders of `PATH`. On Windows
 * a name means the files that have one of the endings of `PATHEXT`. Gives `null` when there is none.
 */
export function tryFindProgram(names: readonly string[], place: ProgramPlace = {}): string | null {
  const { env = process.env, platform = process.platform } = place
  const isWindows = platform === 'win32'
  const path = read(env, 'PATH', isWindows) ?? ''
  const folders = path.split(isWindows ? ';' : ':').filter((folder) => folder !== '')
  const endings = isWindows ? (read(env, 'PATHEXT', true) || WINDOWS_ENDINGS).split(';') : []
  for (const name of names) {
    const files = isWindows ? filesOnWindows(name, endings) : [name]
    for (const folder of folders) {
      const found = files.map((file) => join(folder, file)).find((file) => isExecutable(file, isWindows))
      if (found !== undefined) return found
    }
  }
  return null
}

/** The file names of a program: a name with one of the endings itself, otherwise the name with each ending. */
function filesOnWindows(name: string, endings: readonly string[]): string[] {
  const lower = name.toLowerCase()
  const hasEnding = endings.some((ending) => ending !== '' && lower.endsWith(ending.toLowerCase()))
  // Both cases are tried, because tests run on systems with case-sensitive file names.
  return hasEnding ? [name] : endings.flatMap((ending) => [name + ending.toLowerCase(), name + ending.toUpperCase()])
}

/** Reads a variable. On Windows the case of its name does not matter: the system writes `Path`. */
function read(env: NodeJS.ProcessEnv, name: string, isWindows: boolean): string | undefined {
  if (!isWindows) return env[name]
  return Object.entries(env).find(([key]) => key.toUpperCase() === name)?.[1]
}

/** Whether a file can be executed. A folder cannot; on Windows every file can. */
export function isExecutable(file: string, isWindows = process.platform === 'win32'): boolean {
  try {
    accessSync(file, isWindows ? constants.F_OK : constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
