/** Adds the indexes of the shards that did not answer to a list; a complete list is not changed. */
export function withUnreachable<List extends object>(
  list: List,
  shards: Iterable<number>,
): List & { unreachableShards?: number[] } {
  const silent = [...new Set(shards)]
  return Object.assign(list, silent.length === 0 ? {} : { unreachableShards: silent })
}
