import { signal } from '@preact/signals'

/** Light, dark, or the theme of the system. */
export type Theme = 'auto' | 'light' | 'dark'

const KEY = 'everybeat-theme'

/** The theme that the user has chosen in this browser. */
export const theme = signal<Theme>(stored())

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'auto'
  } catch {
    return 'auto'
  }
}

/** Shows a theme, and stores the choice. */
export function applyTheme(next: Theme): void {
  theme.value = next
  if (next === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = next
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // A browser without storage shows the theme until the page is closed.
  }
}

/** The next theme in turn. */
export function turnTheme(): void {
  applyTheme(theme.value === 'auto' ? 'light' : theme.value === 'light' ? 'dark' : 'auto')
}
