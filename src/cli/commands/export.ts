import { writeFile } from 'node:fs/promises'
import { writeDefinitions } from '../../definition-files/index.js'
import { Option, setAction, type Command } from '../command.js'
import { oneLine, plural } from '../format.js'
import { CliFailure } from '../failure.js'
import { describeUnreachable } from '../note-unreachable.js'
import { collectSchedules } from './list.js'

interface ExportOptions {
  format?: 'yaml' | 'json'
  match?: string
  task?: string
  tag?: string
  owner?: string
}

/** `export [file]`: definitions as a file that `import`, `apply` and `diff` read. */
export function registerExport(program: Command): void {
  const command = program
    .command('export')
    .description('write the definitions as a file that import, apply and diff read')
    .argument('[file]', 'file to write; default: standard output')
    .addOption(new Option('--format <format>', 'format of the file').choices(['yaml', 'json']))
    .option('--match <pattern>', 'only names that match, with * and ?')
    .option('--task <task>', 'only schedules of this task')
    .option('--tag <tag>', 'only schedules with this tag')
    .option('--owner <owner>', 'only schedules of this owner')
  setAction<ExportOptions, [string | undefined]>(command, async (session, options, file) => {
    const schedules = await session.withBeat((beat) => collectSchedules(beat, options))
    const { unreachableShards } = schedules
    // An incomplete file is not written, because it would be taken for the whole fleet.
    if (unreachableShards)
      throw new CliFailure('ERR_CLI_FAILED', `nothing was written: ${describeUnreachable(unreachableShards)}`)
    const usable = schedules.flatMap(({ name, given }) => (given === undefined ? [] : [{ name, given }]))
    const unusable = schedules.filter(({ given }) => given === undefined).map(({ name }) => oneLine(name))
    if (unusable.length > 0) session.note(`not exported, because they are invalid: ${unusable.join(', ')}`)
    const format = options.format ?? (/\.ya?ml$/.test(file ?? '') ? 'yaml' : 'json')
    const text = writeDefinitions(usable, format)
    if (file === undefined) return session.print(text.trimEnd())
    await writeFile(file, text)
    session.result({ file, exported: usable.length }, () => `${plural(usable.length, 'schedule')} in ${file}`)
  })
}
