import { describe, preview } from '../../index.js'
import { badRequest } from '../problem.js'
import { json, type RequestContext } from '../request-context.js'
import type { Route } from '../router.js'

/** `POST preview`: changes nothing, and is open to every user. */
export const previewRoute: Route = {
  method: 'POST',
  path: 'preview',
  role: 'view',
  isWrite: false,
  summary: 'What a definition means: its next instants and words, or why it is refused',
  body: {
    type: 'object',
    description: 'a definition, or { definition, name?, from?, count? }',
    properties: {
      definition: { type: 'object' },
      name: { type: 'string' },
      from: { type: 'string', format: 'date-time' },
      count: { type: 'integer', minimum: 1, maximum: 1000 },
    },
  },
  answer: 'words, next: [{ at, local, note? }]; 422 says what is refused',
  handle: showPreview,
}

async function showPreview(context: RequestContext): Promise<Response> {
  const body = await context.body()
  const isWrapped = 'definition' in body
  const definition = isWrapped ? body['definition'] : omit(body, ['count', 'from', 'name'])
  if (typeof definition !== 'object' || definition === null) throw badRequest('definition', definition, 'an object')
  const { name = '', from = Date.now(), count = 10 } = body as { name?: string; from?: string | number; count?: number }
  if (typeof name !== 'string') throw badRequest('name', name, 'text')
  if (!Number.isInteger(count) || count < 1 || count > 1_000)
    throw badRequest('count', count, 'a whole number from 1 to 1000')
  const { source } = context.services
  // The rules are those of a write: a definition that is shown here can be saved.
  await source.check(name || 'preview', definition)
  const next = preview(definition, { from, count, name })
  return json({ words: describe(definition, name), next })
}

function omit(value: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}
