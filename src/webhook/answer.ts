/** Most bytes of an answer that are read. */
const MAX_BYTES = 16_384
/** Most characters of its JSON that are kept: a longer result would not be stored. */
const MAX_KEPT = 3_900

/** Reads an answer up to a bound, without receiving the rest, and keeps as much as a result may hold. */
export async function readAnswer(response: Response): Promise<{ status: number; body: unknown }> {
  const { text, isWhole } = await readText(response)
  const isJson = /\bjson\b/i.test(response.headers.get('content-type') ?? '')
  const body = isJson && isWhole ? parse(text) : text
  return { status: response.status, body: lengthAsJson(body) <= MAX_KEPT ? body : beginningOf(text) }
}

function beginningOf(text: string): string {
  let kept = text.slice(0, MAX_KEPT)
  while (lengthAsJson(kept) > MAX_KEPT) kept = kept.slice(0, Math.floor(kept.length * 0.9))
  return kept
}

function lengthAsJson(value: unknown): number {
  return JSON.stringify(value).length
}

async function readText({ body }: Response): Promise<{ text: string; isWhole: boolean }> {
  if (body === null) return { text: '', isWhole: true }
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    length += value.byteLength
    if (length <= MAX_BYTES) continue
    await reader.cancel()
    break
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MAX_BYTES))
  return { text, isWhole: length <= MAX_BYTES }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
