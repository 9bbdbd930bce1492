import { describe, expect, it } from 'vitest'
import { editorCommand, findEditor } from '../../../src/cli/edit/editor-command.js'

const NOTEPAD = 'C:\\Program Files\\Notepad++\\notepad++.exe'
const FILE = 'C:\\Users\\Ada L\\definition.yaml'

describe('the editor', () => {
  it('the editor is $VISUAL before $EDITOR', () => {
    expect(findEditor({ VISUAL: 'code --wait', EDITOR: 'vi' })).toBe('code --wait')
    expect(findEditor({ VISUAL: '', EDITOR: 'vi' })).toBe('vi')
  })

  it('the editor is notepad on a Windows that names none; elsewhere the command says what to set', () => {
    expect(findEditor({}, 'win32')).toBe('notepad')
    expect(() => findEditor({}, 'linux')).toThrow(/needs \$VISUAL or \$EDITOR/)
  })

  it.each([
    ['linux', 'code --wait', "/tmp/it's $HOME/a.yaml", `code --wait '/tmp/it'\\''s $HOME/a.yaml'`],
    ['win32', 'code --wait', FILE, `code --wait "${FILE}"`],
    ['win32', NOTEPAD, FILE, `"${NOTEPAD}" "${FILE}"`],
    ['win32', `"${NOTEPAD}" -multiInst`, FILE, `"${NOTEPAD}" -multiInst "${FILE}"`],
  ] as const)('the editor gets the file as one word on %s: %s', (platform, editor, file, command) => {
    expect(editorCommand(editor, file, { platform, isFile: (path) => path === NOTEPAD })).toBe(command)
  })
})
