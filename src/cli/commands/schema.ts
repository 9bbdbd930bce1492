import { definitionFileSchema } from '../../definition-files/index.js'
import { setAction, type Command } from '../command.js'

/** `schema`: writes the JSON Schema of definition files. */
export function registerSchema(program: Command): void {
  const command = program
    .command('schema')
    .description('write the JSON Schema of definition files, with which editors complete and check them')
  setAction<object, []>(command, (session) => {
    session.print(JSON.stringify(definitionFileSchema(), null, 2))
    return Promise.resolve()
  })
}
