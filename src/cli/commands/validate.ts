import { setAction, type Command } from '../command.js'
import { readDefinitionFiles } from '../definition-folder.js'
import { oneLine, plural } from '../format.js'

/** `validate <path>`: checks definition files without Redis. */
export function registerValidate(program: Command): void {
  const command = program
    .command('validate')
    .description('check definition files; needs no Redis')
    .argument('<path>', 'file or folder of definitions; - for standard input')
  setAction<object, [string]>(command, async (session, _options, path) => {
    const { checked, problems } = await readDefinitionFiles(path)
    session.result({ valid: checked.length, problems }, () => {
      const { colors } = session
      const lines = problems.map(
        ({ source, name, message }) =>
          `${oneLine(source)}: ${colors.bold(oneLine(name))}: ${colors.red(oneLine(message))}`,
      )
      const sound = `${plural(checked.length, 'definition')} can be used`
      return [
        ...lines,
        problems.length === 0 ? colors.green(sound) : `${plural(problems.length, 'problem')}, ${sound}`,
      ].join('\n')
    })
    return problems.length > 0 ? 1 : 0
  })
}
