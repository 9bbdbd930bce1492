import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** A part whose code is loaded when it is first shown; until then its place is empty. */
export function Lazy<Props extends object>(props: {
  load: () => Promise<preact.FunctionComponent<Props>>
  props: Props
}) {
  const Component = useSignal<{ readonly part: preact.FunctionComponent<Props> } | null>(null)
  useEffect(() => {
    let isGone = false
    void props.load().then((part) => {
      if (!isGone) Component.value = { part }
    })
    return () => void (isGone = true)
  }, [])
  const { part: Part } = Component.value ?? {}
  return Part ? <Part {...props.props} /> : null
}
