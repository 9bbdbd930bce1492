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
  it('the signals that end a command are on Windows also Ctrl+Break and the closing of the console', () => {
    expect(hear('win32').heard).toEqual(ALL)
  })

  it.each(['linux', 'darwin'] as const)(
    'the signals that end a command leave the hang-up on %s to what started it, nohup for example',
    (platform) => {
      expect(hear(platform).heard).toEqual(['SIGINT', 'SIGTERM'])
    },
  )

  it('the signals that end a command have their usual effect again when the command no longer listens', () => {
    const { source, off } = hear('win32')
    off()
    expect(ALL.map((signal) => source.listenerCount(signal))).toEqual([0, 0, 0, 0])
  })

  it('the signals that end a command are awaited once: the second one ends the process', async () => {
    const source = new EventEmitter()
    const first = nextStopSignal({ source, platform: 'win32' })
    source.emit('SIGBREAK', 'SIGBREAK')
    expect(await first).toBe('SIGBREAK')
    expect(ALL.map((signal) => source.listenerCount(signal))).toEqual([0, 0, 0, 0])
  })
})
