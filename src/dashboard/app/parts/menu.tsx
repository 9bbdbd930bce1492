import { useSignal, type Signal } from '@preact/signals'
import type { TargetedKeyboardEvent } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Icon } from './icon.js'

/** One entry of a menu. */
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
  useLayoutEffect(() => {
    if (!isOpen.value) return
    element.current?.querySelector<HTMLButtonElement>('[role=menuitem]')?.focus()
    const close = (event: Event) => {
      if (!element.current?.contains(event.target as Node)) isOpen.value = false
    }
    window.addEventListener('pointerdown', close)
    return () => window.removeEventListener('pointerdown', close)
  }, [isOpen.value])
  return (
    <div class="menu" ref={element} onKeyDown={(event) => isOpen.value && moveFocus(event, isOpen)}>
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
          {items.map((item) => (
            <MenuButton item={item} isOpen={isOpen} />
          ))}
        </div>
      )}
    </div>
  )
}

function MenuButton({ item: { label, isDanger, isOff, run }, isOpen }: { item: MenuItem; isOpen: Signal<boolean> }) {
  const choose = () => {
    isOpen.value = false
    run()
  }
  return (
    <button role="menuitem" class={isDanger ? 'danger' : ''} disabled={isOff ?? false} onClick={choose}>
      {label}
    </button>
  )
}

function moveFocus(event: TargetedKeyboardEvent<HTMLDivElement>, isOpen: Signal<boolean>): void {
  const menu = event.currentTarget
  const buttons = [...menu.querySelectorAll<HTMLButtonElement>('[role=menuitem]:not(:disabled)')]
  const index = buttons.indexOf(document.activeElement as HTMLButtonElement)
  if (event.key === 'ArrowDown') buttons[(index + 1) % buttons.length]?.focus()
  else if (event.key === 'ArrowUp') buttons.at(index - 1)?.focus()
  else if (event.key === 'Escape') {
    isOpen.value = false
    menu.querySelector('button')?.focus()
  } else return
  event.preventDefault()
}
