import { go, pageUrl } from '../location.js'

const PAGES: Readonly<Record<string, string>> = {
  o: '',
  s: 'schedules',
  r: 'runs',
  f: 'fleet',
  l: 'load',
  d: 'doctor',
}

/** The effects of the keys, as the help shows them. */
export const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'search'],
  [['g', 'o'], 'go to the overview'],
  [['g', 's'], 'go to the schedules'],
  [['g', 'r'], 'go to the runs'],
  [['g', 'f'], 'go to the fleet'],
  [['g', 'l'], 'go to the load'],
  [['g', 'd'], 'go to the doctor'],
  [['j', 'k'], 'next and previous row'],
  [['Enter'], 'open the row'],
  [['x'], 'select the row'],
  [['t'], 'light, dark, as the system'],
  [['?'], 'this help'],
  [['Esc'], 'close, leave the search'],
]

/** Time after `g` in which the key of a page is pressed, ms. */
const GO_MS = 1_200

/** Listens to keys outside of fields; `on` gets the keys that open no page. Gives a function that ends it. */
export function listenToKeys(on: (key: string) => void): () => void {
  // The times of the events count, so that a page that is busy between two keys forgets none.
  let goUntil = -Infinity
  const hear = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement
    if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return
    if (target.closest('input, textarea, select, dialog, [contenteditable]')) return
    if (event.timeStamp <= goUntil) {
      goUntil = -Infinity
      const page = PAGES[event.key]
      if (page !== undefined) {
        event.preventDefault()
        return go(pageUrl(...(page === '' ? [] : [page])))
      }
    }
    if (event.key === 'g') {
      goUntil = event.timeStamp + GO_MS
      return
    }
    if (event.key === '/' || event.key === '?') event.preventDefault()
    on(event.key)
  }
  window.addEventListener('keydown', hear)
  return () => window.removeEventListener('keydown', hear)
}
