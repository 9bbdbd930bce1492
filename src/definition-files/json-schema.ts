import type { DefinitionShape } from '../index.js'
import { DEFINITION_FIELDS, type DefinitionField } from './fields.js'

const TRIGGERS = ['cron', 'every', 'at', 'rrule', 'solar'] as const

/** The JSON Schema (draft 2020-12) of a definition file, which editors complete and check by. */
export function definitionFileSchema(): object {
  const fields = Object.entries(DEFINITION_FIELDS).map(([name, field]) => [
    name,
    fieldSchema(name as keyof DefinitionShape, field),
  ])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Everybeat schedules',
    type: 'object',
    required: ['schedules'],
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      schedules: {
        description: 'Definitions by the names of their schedules',
        type: ['object', 'null'],
        propertyNames: { minLength: 1, maxLength: 512 },
        additionalProperties: { $ref: '#/$defs/definition' },
      },
    },
    $defs: {
      duration: {
        description: '90s, 5m, 1h30m, PT90S, or milliseconds',
        anyOf: [
          { type: 'integer', minimum: 0 },
          { type: 'string', minLength: 1 },
        ],
      },
      instant: {
        description: 'ISO 8601, read in tz when it has no offset, or epoch milliseconds',
        anyOf: [{ type: 'integer' }, { type: 'string', minLength: 1 }],
      },
      definition: {
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(fields) as object,
        oneOf: TRIGGERS.map((trigger) => ({ required: [trigger] })),
      },
    },
  }
}

function fieldSchema(name: keyof DefinitionShape, { kind, help: description, choices }: DefinitionField): object {
  switch (kind) {
    case 'choice':
      return { description, enum: choices }
    case 'number':
      return { description, type: name === 'lat' || name === 'lon' ? 'number' : 'integer' }
    case 'boolean':
      return { description, type: 'boolean' }
    case 'duration':
    case 'instant':
      return { description, $ref: `#/$defs/${kind}` }
    case 'list': {
      const items = { type: 'array', items: { type: 'string' } }
      return name === 'exclude' ? { description, anyOf: [{ type: 'string' }, items] } : { description, ...items }
    }
    case 'json':
      return name === 'backoff' ? { description, ...backoffSchema() } : { description }
    case 'text':
      return { description, type: 'string' }
  }
}

function backoffSchema(): object {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      type: { enum: ['exponential', 'fixed'] },
      delay: { $ref: '#/$defs/duration' },
      max: { $ref: '#/$defs/duration' },
    },
  }
}
