import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/memory/index.js'
import { Network } from '../../../src/testing/fleet/network.js'
import { VirtualTime } from '../../../src/testing/fleet/virtual-time.js'

const HOSTS = ['first', 'second'] as const

/** Connections of two hosts that were cut at one moment, and the order in which they are made again. */
async function cutBoth(): Promise<{ comeBack: (host: number) => Promise<void>; order: string[] }> {
  const time = new VirtualTime(0, 1)
  const network = new Network(new MemoryStore(() => time.nowMs), time, 0)
  const connectors = HOSTS.map((name) => new (network.connectorFor(name))())
  for (const connector of connectors) await connector.connect()
  for (const name of HOSTS) network.breakConnections(name)
  const order: string[] = []
  const comeBack = async (host: number): Promise<void> => {
    const stream = await connectors[host]!.connect()
    order.push(HOSTS[host]!)
    stream.destroy()
  }
  return { comeBack, order }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('the network of a test fleet', () => {
  it('a client that reconnects waits for the other cut clients, so that real time decides nothing', async () => {
    const { comeBack, order } = await cutBoth()
    const first = comeBack(0)
    for (let turn = 0; turn < 5; turn += 1) await nextTurn()
    expect(order).toEqual([])
    await Promise.all([first, comeBack(1)])
    expect(order).toEqual(['first', 'second'])
  })

  it('a client that does not reconnect delays the others for a second at most', async () => {
    const { comeBack, order } = await cutBoth()
    await comeBack(1)
    expect(order).toEqual(['second'])
  })
})
