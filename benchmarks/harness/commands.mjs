import { openMonitor } from './monitor.mjs'

/**
 * Counting commands. `INFO commandstats` counts every command, also the commands that a script calls from inside Lua.
 * `MONITOR` marks the latter as `lua`. So over one window: client commands = commandstats total − lua lines.
 * MONITOR slows a server down, so lateness is never measured while a window of this kind is open.
 */

/** Opens a counting window; its `close()` gives the counts of the commands between the two calls. */
export async function openCommandWindow(redis) {
  const [opened, closed] = [`open-${Math.random()}`, `close-${Math.random()}`]
  let open = false
  let insideLua = 0
  let sawClosed
  const drained = new Promise((resolve) => (sawClosed = resolve))
  const monitor = await openMonitor(redis.options.port, (source, command, argument) => {
    if (source === 'lua') insideLua += open ? 1 : 0
    else if (command === 'ping' && argument === opened) open = true
    else if (command === 'ping' && argument === closed) {
      open = false
      sawClosed()
    }
  })
  // The marker and INFO go in one write, so the server lets nothing come between them.
  const [, [, before]] = await redis.pipeline().ping(opened).info('commandstats').exec()
  return {
    async close() {
      const [[, after]] = await redis.pipeline().info('commandstats').ping(closed).exec()
      await drained
      monitor.close()
      const commands = difference(parseCommandStatistics(before), parseCommandStatistics(after))
      return { ...commands, insideLua, client: commands.total - insideLua }
    },
  }
}

/** The present `INFO commandstats` as a map from command name to `{ calls, usec }`. */
export async function readCommandStatistics(redis) {
  return parseCommandStatistics(await redis.info('commandstats'))
}

function parseCommandStatistics(text) {
  const statistics = new Map()
  for (const line of text.split('\r\n')) {
    const match = /^cmdstat_(\S+?):calls=(\d+),usec=(\d+)/.exec(line)
    if (match) statistics.set(match[1], { calls: Number(match[2]), usec: Number(match[3]) })
  }
  return statistics
}

/** Commands between two readings: all of them, the script calls, and the microseconds spent in scripts. */
export function difference(before, after) {
  const calls = {}
  let total = 0
  let scripts = 0
  let scriptMicroseconds = 0
  for (const [name, { calls: callsAfter, usec }] of after) {
    const previous = before.get(name) ?? { calls: 0, usec: 0 }
    // The first INFO of a window is counted after it answered, so one call of each window is the harness's own.
    const count = callsAfter - previous.calls - (name === 'info' ? 1 : 0)
    if (count <= 0) continue
    calls[name] = count
    total += count
    if (/^(evalsha|eval|evalsha_ro|eval_ro|fcall|fcall_ro)$/.test(name)) {
      scripts += count
      scriptMicroseconds += usec - previous.usec
    }
  }
  return { calls, total, scripts, scriptMicroseconds }
}
