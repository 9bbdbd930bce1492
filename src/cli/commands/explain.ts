import type { Explanation } from '../../index.js'
import { setAction, type Command } from '../command.js'
import { noSuchSchedule } from '../describe.js'
import { oneLine } from '../format.js'
import type { Session } from '../session.js'

/** `explain <name>`: explains when a schedule runs, or why it does not. */
export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('explain when and why a schedule runs, or why it does not')
    .argument('<name>', 'name of the schedule')
  setAction<object, [string]>(command, async (session, _options, name) => {
    const explanation = await session.withBeat((beat) => beat.schedules.explain(name))
    if (explanation.state === 'missing') throw noSuchSchedule(name)
    session.result(explanation, () => showExplanation(session, explanation))
  })
}

/** Shows the sentences with the first word of each line in colour. */
function showExplanation({ colors }: Session, { text }: Explanation): string {
  const paints: Record<string, (word: string) => string> = { Because: colors.yellow, Try: colors.cyan }
  return text
    .split('\n')
    .map(oneLine)
    .map((line) => line.replace(/^(Next|Last|Because|Try):/, (word) => (paints[word.slice(0, -1)] ?? colors.dim)(word)))
    .join('\n')
}
