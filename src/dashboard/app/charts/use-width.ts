import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** The laid-out width of an element, so that a drawing has that width and its text keeps its size. */
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
