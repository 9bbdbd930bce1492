import { Argument, setAction, type Command } from '../command.js'
import { completionScript, SHELLS } from '../completion.js'

/** `completion <shell>`: a script that completes commands and options. */
export function registerCompletion(program: Command): void {
  const command = program
    .command('completion')
    .description('write a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
  setAction<object, [(typeof SHELLS)[number]]>(command, (session, _options, shell) => {
    session.print(completionScript(program, shell).trimEnd())
    return Promise.resolve()
  })
}
