const encoder = new TextEncoder()

/**
 * A hash of a text, the same on every worker and in every version: FNV-1a over its UTF-8 bytes, then the finalizer of
 * MurmurHash3, which spreads short and similar names evenly. An unsigned 32-bit integer.
 */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Spreads a text evenly over the integers 0 … count - 1. */
export function hashBelow(text: string, count: number): number {
  return Math.floor((hashText(text) / 0x1_0000_0000) * count)
}
