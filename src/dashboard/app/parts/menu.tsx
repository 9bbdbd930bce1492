import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from './icon.js'

/** One thing of a menu. */
export interface MenuItem {
  readonly label: string
  readonly isDanger?: boolean
  readonly isOff?: boolean
  run(): void
}

/** A button that opens a list of actions; arrows move in it, Escape closes it. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  const isOpen = useSignal(false)
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!isOpen.value) return
    element.current?.querySelector<HTMLButtonElement>('[role=menuitem]')?.focus()
    const close = (event: Event) => {
      if (!element.current?.contains(event.target as Node)) isOpen.value = false
    }
    window.addEventListener('pointerdown', close)
    return () => window.removeEventListener('pointerdown', close)
  }, [isOpen.value])
  const move = (event: KeyboardEvent) => {
    if (!isOpen.value) return
    const buttons = [...(element.current?.querySelectorAll<HTMLButtonElement>('[role=menuitem]') ?? [])]
    const index = buttons.indexOf(document.activeElement as HTMLButtonElement)
    if (event.key === 'ArrowDown') buttons[(index + 1) % buttons.length]?.focus()
    else if (event.key === 'ArrowUp') buttons.at(index - 1)?.focus()
    else if (event.key === 'Escape') {
      isOpen.value = false
      element.current?.querySelector('button')?.focus()
    } else return
    event.preventDefault()
  }
  return (
    <div class="menu" ref={element} onKeyDown={move}>
      <button
        class="button"
        aria-haspopup="menu"
        aria-expanded={isOpen.value}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        <Icon name="more" />
        <span class="visually-hidden">{label}</span>
      </button>
      {isOpen.value && (
        <div class="menu-list" role="menu" aria-label={label}>
          {items.map(({ label: text, isDanger, isOff, run }) => (
            <button
              role="menuitem"
              class={isDanger ? 'danger' : ''}
              disabled={isOff ?? false}
              onClick={() => {
                isOpen.value = false
                run()
              }}
            >
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
