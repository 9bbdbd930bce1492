import type { Cluster, Redis } from 'ioredis'
import type { DefinitionListener } from '../../worker/listeners.js'
import { listenTo, stopListening } from '../connection/client-events.js'
import type { Watch } from './definition-listener.js'

/**
 * Watches every primary of a Cluster, each on a connection of its own, and follows when others take their place. Edits
 * count as seen while all of them are watched.
 *
 * @param watchNode begins to watch one primary; its connection is the watch's to close
 */
export function watchCluster(
  cluster: Cluster,
  watchNode: (primary: Redis, listener: DefinitionListener) => Watch,
  listener: DefinitionListener,
): Watch {
  const watches = new Map<string, { isWatching: boolean; watch: Watch | null }>()
  let wasWatching = false

  function tell(): void {
    const all = [...watches.values()]
    const isWatching = all.length > 0 && all.every((each) => each.isWatching)
    if (isWatching === wasWatching) return
    wasWatching = isWatching
    listener.onWatching(isWatching)
  }

  function begin(address: string, primary: Redis): void {
    const entry: { isWatching: boolean; watch: Watch | null } = { isWatching: false, watch: null }
    watches.set(address, entry)
    entry.watch = watchNode(primary, {
      // The methods of a listener may be those of a class, which a spread would leave out.
      onDefinition: (shard, schedule) => listener.onDefinition(shard, schedule),
      onFlush: () => listener.onFlush(),
      onWatching(isWatching) {
        if (watches.get(address) !== entry) return
        entry.isWatching = isWatching
        tell()
      },
    })
  }

  function follow(): void {
    const primaries = new Map(cluster.nodes('master').map((node) => [addressOf(node), node]))
    for (const [address, { watch }] of watches) {
      if (primaries.has(address)) continue
      watches.delete(address)
      void watch?.stop()
    }
    for (const [address, node] of primaries) if (!watches.has(address)) begin(address, node)
    tell()
  }

  // The client looks at the topology anew whenever a command meets a change of it.
  listenTo(cluster, 'refresh', follow)
  follow()
  return {
    // A subscription to a Cluster may be at a node that hears of a heartbeat's word later: no sign is expected.
    expectSign: () => {},
    async stop() {
      stopListening(cluster, 'refresh', follow)
      const all = [...watches.values()]
      watches.clear()
      await Promise.all(all.flatMap(({ watch }) => watch?.stop() ?? []))
    },
  }
}

function addressOf({ options }: Redis): string {
  return `${options.host ?? ''}:${options.port ?? ''}`
}
