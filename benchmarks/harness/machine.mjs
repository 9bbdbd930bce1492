import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { delay } from './time.mjs'

const CALM_IDLE = 0.85

/** The machine of the measurement. */
export function describeMachine() {
  const redis = /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))[1]
  const cores = cpus()
  const text = `${cores.length} cores (${cores[0]?.model.trim()}), Node ${process.versions.node}, Redis ${redis} on loopback`
  return { text, cores: cores.length, model: cores[0]?.model, memory: totalmem(), node: process.versions.node, redis }
}

/** Waits until the machine has been idle for a second, at most `limitMs` (and one second); gives whether it was. */
export async function waitForCalm(limitMs) {
  const giveUpAt = performance.now() + limitMs
  do {
    if ((await idleFraction(1000)) >= CALM_IDLE) return true
  } while (performance.now() < giveUpAt)
  return false
}

async function idleFraction(durationMs) {
  const before = cpuTimes()
  await delay(durationMs)
  const after = cpuTimes()
  return (after.idle - before.idle) / (after.total - before.total)
}

function cpuTimes() {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (values) => values.reduce((a, b) => a + b, 0)
  return { idle: sum(times.map((time) => time.idle)), total: sum(times.flatMap((time) => Object.values(time))) }
}
