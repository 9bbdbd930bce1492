/** Adds to a list which shards did not answer, by index; a whole list stays as it is. */
export function withUnreachable<List extends object>(
  list: List,
  shards: Iterable<number>,
): List & { unreachableShards?: number[] } {
  const silent = [...new Set(shards)]
  return Object.assign(list, silent.length === 0 ? {} : { unreachableShards: silent })
}
