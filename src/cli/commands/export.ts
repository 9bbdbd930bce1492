import { writeFile } from 'node:fs/promises'
import type { DefinitionInput } from '../../index.js'
import { setAction, type Command } from '../command.js'
import { plural } from '../format.js'
import { collectSchedules } from './list.js'

/** `export [file]`: definitions as JSON. */
export function registerExport(program: Command): void {
  const exported = program
    .command('export')
    .description('write the definitions as a JSON array, the form that import reads')
    .argument('[file]', 'where to; default: standard output')
    .option('--match <pattern>', 'only names that match, with * and ?')
    .option('--task <task>', 'only schedules of this task')
    .option('--tag <tag>', 'only schedules with this tag')
    .option('--owner <owner>', 'only schedules of this owner')
  setAction<{ match?: string; task?: string; tag?: string; owner?: string }, [string | undefined]>(
    exported,
    async (session, options, file) => {
      const schedules = await session.withBeat((beat) => collectSchedules(beat, options))
      const document = schedules.flatMap(({ name, given }): Item[] => (given === undefined ? [] : [{ name, ...given }]))
      const invalid = schedules.filter(({ given }) => given === undefined)
      if (invalid.length > 0)
        session.note(`left out, for they cannot be used: ${invalid.map(({ name }) => name).join(', ')}`)
      const text = JSON.stringify(document, null, 2)
      if (file === undefined) return session.print(text)
      await writeFile(file, `${text}\n`)
      session.result({ file, exported: document.length }, () => `${plural(document.length, 'schedule')} in ${file}`)
    },
  )
}

type Item = DefinitionInput & { name: string }
