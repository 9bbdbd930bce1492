import type { Explanation } from '../../index.js'
import { setAction, type Command } from '../command.js'
import { noSuchSchedule } from '../describe.js'
import { oneLine } from '../format.js'
import type { Session } from '../session.js'

/** `explain <name>`: why a schedule runs when it does, or does not run. */
export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('say why a schedule runs when it does, or does not run')
    .argument('<name>', 'name of the schedule')
  setAction<object, [string]>(command, async (session, _options, name) => {
    const explanation = await session.withBeat((beat) => beat.schedules.explain(name))
    if (explanation.state === 'missing') throw noSuchSchedule(name)
    session.result(explanation, () => showExplanation(session, explanation))
  })
}

/** The sentences as they are; the word that begins a line says what the line is about. */
function showExplanation({ colors }: Session, { text }: Explanation): string {
  const paints: Record<string, (word: string) => string> = { Because: colors.yellow, Try: colors.cyan }
  return text
    .split('\n')
    .map(oneLine)
    .map((line) => line.replace(/^(Next|Last|Because|Try):/, (word) => (paints[word.slice(0, -1)] ?? colors.dim)(word)))
    .join('\n')
}
