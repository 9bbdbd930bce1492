import { createInterface } from 'node:readline/promises'
import { setAction, type Command } from '../command.js'
import { CliFailure } from '../failure.js'
import { plural } from '../format.js'

/** `rm <name…>`: removes schedules; on a terminal, after a question. */
export function registerRemove(program: Command): void {
  const command = program
    .command('rm')
    .alias('remove')
    .description('remove schedules')
    .argument('<name...>', 'names of the schedules')
    .option('-y, --yes', 'do not ask')
  setAction<{ yes?: boolean }, [string[]]>(command, async (session, { yes }, names) => {
    if (!yes) {
      if (!session.interactive)
        throw new CliFailure('ERR_CLI_USAGE', 'rm asks for a confirmation on a terminal; without a terminal give --yes')
      if (!(await confirm(`Remove ${names.length === 1 ? names[0] : plural(names.length, 'schedule')}?`))) {
        throw new CliFailure('ERR_CLI_FAILED', 'nothing was removed')
      }
    }
    const results = await session.withBeat((beat) =>
      Promise.all(names.map(async (name) => ({ name, ...(await session.edits(beat).remove(name)) }))),
    )
    session.result(results, () =>
      results
        .map(({ name, outcome }) => {
          const text = outcome === 'removed' ? 'removed' : session.colors.yellow('does not exist')
          return `${session.colors.bold(name)} ${text}`
        })
        .join('\n'),
    )
    return results.every(({ outcome }) => outcome === 'removed') ? 0 : 1
  })
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
