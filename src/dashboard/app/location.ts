import { computed, signal } from '@preact/signals'

/** The path below which all pages are; this script is in `<base>/assets/`. */
export const BASE = new URL(import.meta.env.DEV ? './' : '../', import.meta.url).pathname

const here = signal(read())

function read(): { path: string; search: string } {
  const { pathname, search } = window.location
  return { path: pathname.startsWith(BASE) ? pathname.slice(BASE.length) : '', search }
}

window.addEventListener('popstate', () => (here.value = read()))

/** The segments of the path below the base, decoded: `['schedules', 'nightly']`. */
export const segments = computed(() =>
  here.value.path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part)),
)

/** The query of the address, behind the question mark. */
export const query = computed(() => new URLSearchParams(here.value.search))

/** The address of a page: `pageUrl('schedules', name)`. */
export function pageUrl(...parts: readonly string[]): string {
  return BASE + parts.map((part) => encodeURIComponent(part)).join('/')
}

/** Opens an address of the dashboard; with `replace` the step back leads to the previous page. */
export function go(url: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', url)
  else {
    history.pushState(null, '', url)
    window.scrollTo(0, 0)
  }
  here.value = read()
}

/** Changes the query of the address; a field that is null or empty is removed. */
export function setQuery(changes: Readonly<Record<string, string | null>>, { replace = true } = {}): void {
  const next = new URLSearchParams(query.value)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name)
    else next.set(name, value)
  }
  const url = new URL(window.location.href)
  url.search = next.toString()
  url.hash = ''
  if (replace) history.replaceState(null, '', url)
  else history.pushState(null, '', url)
  here.value = read()
}

/** Follows a link to a page of the dashboard without loading the document again; the browser follows other links. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
  const link = (event.target as Element).closest('a')
  if (!link || link.target || link.hasAttribute('download') || link.origin !== window.location.origin) return
  if (link.hash !== '' && link.pathname === window.location.pathname) return
  if (!link.pathname.startsWith(BASE) || link.pathname.startsWith(`${BASE}api/`)) return
  event.preventDefault()
  go(link.pathname + link.search)
}
