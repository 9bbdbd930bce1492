import { existsSync } from 'node:fs'
import { CliFailure } from '../failure.js'

/** The machine that the editor runs on; every field has the real machine's value as its default. */
export interface EditorPlace {
  platform?: NodeJS.Platform
  /** Whether there is a file at a path. */
  isFile?: (path: string) => boolean
}

/**
 * Gives the editor that `$VISUAL` names, else `$EDITOR`. Windows has one in any case: `notepad`.
 *
 * @throws CliFailure `ERR_CLI_USAGE` when neither is set, elsewhere than on Windows
 */
export function findEditor(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const editor = env['VISUAL'] || env['EDITOR']
  if (editor) return editor
  if (platform === 'win32') return 'notepad'
  throw new CliFailure('ERR_CLI_USAGE', 'edit needs $VISUAL or $EDITOR, or --set and --unset')
}

/**
 * Gives the line by which a shell opens a file in an editor. The editor may come with options (`code --wait`), so the shell
 * splits it, and looks for it as shells do: on Windows with the endings of `PATHEXT`. There a path with spaces is common
 * (`C:\Program Files\…`), and is quoted where it is the path of a file as a whole.
 */
export function editorCommand(editor: string, file: string, place: EditorPlace = {}): string {
  const { platform = process.platform, isFile = existsSync } = place
  if (platform !== 'win32') return `${editor} '${file.replaceAll("'", "'\\''")}'`
  const program = editor.includes(' ') && !editor.includes('"') && isFile(editor) ? `"${editor}"` : editor
  return `${program} "${file}"`
}
