import { existsSync } from 'node:fs'
import { CliFailure } from '../failure.js'

/** The machine that the editor runs on; every field has the real machine's value as its default. */
export interface EditorPlace {
  platform?: NodeJS.Platform
  /** Whether a file exists at a path. */
  isFile?: (path: string) => boolean
}

/**
 * Gives the editor of `$VISUAL`, or else of `$EDITOR`; on Windows, if neither is set, `notepad`.
 *
 * @throws CliFailure `ERR_CLI_USAGE` when neither is set on another system
 */
export function findEditor(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const editor = env['VISUAL'] || env['EDITOR']
  if (editor) return editor
  if (platform === 'win32') return 'notepad'
  throw new CliFailure('ERR_CLI_USAGE', 'edit needs $VISUAL or $EDITOR, or --set and --unset')
}

/**
 * Gives the line with which a shell opens a file in an editor. The editor may have options (`code --wait`), so the
 * shell splits the line and finds the program, on Windows by the endings of `PATHEXT`. On Windows a path with spaces is
 * common (`C:\Program Files\…`); it is quoted if the whole text is the path of a file.
 */
export function editorCommand(editor: string, file: string, place: EditorPlace = {}): string {
  const { platform = process.platform, isFile = existsSync } = place
  if (platform !== 'win32') return `${editor} '${file.replaceAll("'", "'\\''")}'`
  const program = editor.includes(' ') && !editor.includes('"') && isFile(editor) ? `"${editor}"` : editor
  return `${program} "${file}"`
}
