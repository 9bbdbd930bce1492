import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { nextStopSignal, onStopSignal, type StopSignal } from '../../../src/cli/stop-signals.js'

const ALL: StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP']

function hear(platform: NodeJS.Platform): { heard: StopSignal[]; source: EventEmitter; off: () => void } {
  const source = new EventEmitter()
  const heard: StopSignal[] = []
  const off = onStopSignal((signal) => heard.push(signal), { source, platform })
  for (const signal of ALL) source.emit(signal, signal)
  return { heard, source, off }
}

describe('the signals that end a command', () => {
  it('on Windows, Ctrl+Break and the closing of the console end a command too', () => {
    expect(hear('win32').heard).toEqual(ALL)
  })

  it.each(['linux', 'darwin'] as const)(
    'a hang-up on %s does not end a command, so that nohup or another starting program decides',
    (platform) => {
      expect(hear(platform).heard).toEqual(['SIGINT', 'SIGTERM'])
    },
  )

  it('the signals that end a command have their usual effect again when the command no longer listens for them', () => {
    const { source, off } = hear('win32')
    off()
    expect(ALL.map((signal) => source.listenerCount(signal))).toEqual([0, 0, 0, 0])
  })

  it('a command awaits one signal, and a second signal ends the process', async () => {
    const source = new EventEmitter()
    const first = nextStopSignal({ source, platform: 'win32' })
    source.emit('SIGBREAK', 'SIGBREAK')
    expect(await first).toBe('SIGBREAK')
    expect(ALL.map((signal) => source.listenerCount(signal))).toEqual([0, 0, 0, 0])
  })
})
