import { setTimeout as sleep } from 'node:timers/promises'
import { createNetworkLink, type NetworkLink } from '../network-link.js'
import type { Fault } from '../scenario.js'
import { ONCE, untilNextSecond } from './promise.js'

export const slowNetwork: Fault = {
  name: 'network: slow, and cut at random',
  promise: ONCE,
  usesProxies: true,
  pauseMs: [100, 500],
  async inject({ proxies, random }) {
    const proxy = random.pick(proxies)
    proxy.delayMs = random.between(0, 80)
    if (random.next() < 0.4) await untilNextSecond(random.between(0, 5))
    if (random.next() < 0.6) proxy.cut()
  },
  undo: ({ proxies }) => {
    for (const proxy of proxies) proxy.delayMs = 0
    return Promise.resolve()
  },
}

export const lostReplies: Fault = {
  name: 'network: replies cut at any byte',
  promise: ONCE,
  usesProxies: true,
  pauseMs: [20, 200],
  inject({ proxies, random }) {
    const proxy = random.pick(proxies)
    proxy.judge = ({ command, bytes }) => {
      if (!command[0]?.startsWith('eval')) return 'pass'
      proxy.judge = null
      return { cutAfter: random.between(0, bytes.length - 1) }
    }
    return Promise.resolve()
  },
  undo: ({ proxies }) => {
    for (const proxy of proxies) proxy.judge = null
    return Promise.resolve()
  },
}

export const partition: Fault = {
  name: 'network: one worker cut off, packets vanish',
  promise: `${ONCE}; another worker takes over after the lease`,
  usesProxies: true,
  async inject({ proxies, random, leaseMs }) {
    const proxy = random.pick(proxies)
    proxy.isBlackHole = true
    await sleep(leaseMs + random.between(-1_000, 2_000))
    proxy.isBlackHole = false
    proxy.cut()
  },
}

export const unplugged: Fault = {
  name: 'network: one worker in a namespace of its own, its cable pulled and plugged in again',
  promise: `${ONCE}; another worker takes over after the lease`,
  async prepare({ workerCount }) {
    const links: NetworkLink[] = []
    const close = async (): Promise<void> => void (await Promise.all(links.map((link) => link.close())))
    try {
      for (let index = 0; index < workerCount; index += 1) links.push(await createNetworkLink())
    } catch (error) {
      await close()
      throw error
    }
    return {
      serverArgs: ['--bind', '127.0.0.1', ...links.map(({ host }) => host), '--protected-mode', 'no'],
      places: links.map(({ launcher, host }) => ({ launcher, host })),
      links,
      close,
    }
  },
  async inject({ stage, random, leaseMs }) {
    const link = random.pick(stage.links!)
    await link.setUp(false)
    await sleep(leaseMs + random.between(-1_000, 2_000))
    await link.setUp(true)
  },
}

export const halfOpen: Fault = {
  name: 'network: half-open connections, what the other side says never arrives',
  promise: `${ONCE}; another worker takes over after the lease`,
  usesProxies: true,
  async inject({ proxies, random, leaseMs }) {
    const proxy = random.pick(proxies)
    const severed = random.next() < 0.5
    // Either the server still gets the worker's bytes and its replies vanish, or the server closes its side without a notice.
    if (severed) proxy.sever()
    else proxy.isDeaf = true
    await sleep(leaseMs + random.between(-1_000, 2_000))
    proxy.isDeaf = false
    proxy.cut()
  },
}
