import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Definition } from '../model.js'

interface Yaml {
  parse(text: string, options: { maxAliasCount: number }): unknown
  stringify(value: unknown, options: { lineWidth: number }): string
}

/** A long text is not wrapped. */
const UNFOLDED = { lineWidth: 0 }

const loadYaml = (): Promise<Yaml> => import('yaml')

/** The whole definition as YAML. */
export function YamlField({ draft }: { draft: Signal<Definition> }) {
  const yaml = useSignal<Yaml | null>(null)
  const text = useSignal('')
  const problem = useSignal<string | null>(null)
  useEffect(() => {
    void loadYaml().then((loaded) => {
      text.value = loaded.stringify(draft.value, UNFOLDED)
      yaml.value = loaded
    })
  }, [])
  // If the user takes over another edit that was saved, that edit replaces the text.
  useEffect(() => {
    if (!yaml.value || problem.value !== null) return
    if (JSON.stringify(read(yaml.value, text.value)) !== JSON.stringify(draft.value))
      text.value = yaml.value.stringify(draft.value, UNFOLDED)
  }, [draft.value])
  const change = (next: string) => {
    text.value = next
    if (!yaml.value) return
    try {
      draft.value = read(yaml.value, next)
      problem.value = null
    } catch (error) {
      problem.value = (error as Error).message.split('\n')[0]!
    }
  }
  return (
    <label class="field">
      <span>Definition, YAML</span>
      <textarea
        name="yaml"
        class="yaml"
        rows={24}
        spellcheck={false}
        disabled={yaml.value === null}
        aria-invalid={problem.value !== null}
        value={text.value}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <small>{problem.value ?? 'Every field of a definition can be written here.'}</small>
    </label>
  )
}

function read(yaml: Yaml, text: string): Definition {
  const value = yaml.parse(text, { maxAliasCount: 20 }) as unknown
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('A definition is a list of fields: cron: "0 9 * * *"')
  return value as Definition
}
