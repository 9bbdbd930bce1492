import { serverClock, wrongClocks } from './faults/clocks.js'
import { halfOpen, lostReplies, partition, slowNetwork, unplugged } from './faults/network.js'
import { ONCE } from './faults/promise.js'
import * as server from './faults/server.js'
import * as workers from './faults/workers.js'
import type { Fault } from './scenario.js'

/** Several at once: processes and connections die while scripts are forgotten and Redis is frozen. */
const mixed: Fault = {
  name: 'mixed: deaths, freezes, lost replies, lost connections, stalls',
  promise: ONCE,
  usesProxies: true,
  pauseMs: [100, 800],
  async inject(context) {
    const { kill, freeze, terminate } = workers
    const { clientKill, scriptFlush, stall } = server
    const one = context.random.pick([kill, freeze, terminate, clientKill, scriptFlush, stall, lostReplies, slowNetwork])
    await one.inject(context)
  },
  async undo(context) {
    await slowNetwork.undo?.(context)
    await lostReplies.undo?.(context)
  },
}

/** Every kind of fault, by a short name. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  kill: workers.kill,
  freeze: workers.freeze,
  terminate: workers.terminate,
  block: workers.block,
  'block-kept': workers.blockKept,
  heap: workers.heap,
  'client-kill': server.clientKill,
  'script-flush': server.scriptFlush,
  restart: server.restart,
  forget: server.forget,
  flush: server.flush,
  restore: server.restore,
  'lost-state': server.lostState,
  stall: server.stall,
  pause: server.pause,
  memory: server.memory,
  'read-only': server.readOnly,
  'slow-network': slowNetwork,
  'lost-replies': lostReplies,
  partition,
  unplugged,
  'half-open': halfOpen,
  clocks: wrongClocks,
  'server-clock': serverClock,
  mixed,
}
