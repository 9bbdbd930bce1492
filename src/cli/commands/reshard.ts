import { setAction, wholeNumber, type Command } from '../command.js'
import { plural } from '../format.js'

/** `reshard <number>`: moves a stopped fleet's schedules to another number of shards. */
export function registerReshard(program: Command): void {
  const command = program
    .command('reshard')
    .description('move the schedules of a stopped fleet to another number of shards')
    .argument('<number>', 'new number of shards', wholeNumber(1))
  setAction<object, [number]>(command, async (session, _options, to) => {
    const result = await session.withBeat((beat) =>
      beat.reshard(to, {
        onProgress: ({ done, total, moved }) => session.note(`${done} of ${plural(total, 'schedule')}, ${moved} moved`),
      }),
    )
    session.result(result, () => {
      const shards = `${to} ${to === 1 ? 'shard' : 'shards'}`
      if (result.outcome === 'unchanged') return `The fleet has ${shards} already.`
      const started = result.resumed ? ', continuing an interrupted call' : ''
      return `${plural(result.moved, 'schedule')} moved, from ${result.from} to ${shards}${started}.`
    })
  })
}
