import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** The width of an element as it is laid out, so that a drawing is as wide and its text stays as large as it is. */
export function useWidth(fallback: number) {
  const element = useRef<HTMLDivElement>(null)
  const width = useSignal(fallback)
  useLayoutEffect(() => {
    const target = element.current
    if (!target) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry) width.value = Math.round(entry.contentRect.width)
    })
    observer.observe(target)
    width.value = Math.round(target.getBoundingClientRect().width) || fallback
    return () => observer.disconnect()
  }, [])
  return { element, width }
}
