import { useSignal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { loadSession, session, unreachable, write } from './api.js'
import { now, useApi } from './data.js'
import { formatShort, formatTime } from './format.js'
import { liveState, useLive } from './live.js'
import { followLinks, pageUrl, segments } from './location.js'
import type { OverviewView } from './model.js'
import { Dialog } from './parts/dialog.js'
import { Icon, type IconName } from './parts/icon.js'
import { KEYS, listenToKeys } from './parts/keyboard.js'
import { theme, turnTheme } from './parts/theme.js'
import { Toasts } from './parts/toast.js'

const PAGES: readonly { path: string; title: string; icon: IconName }[] = [
  { path: '', title: 'Overview', icon: 'overview' },
  { path: 'schedules', title: 'Schedules', icon: 'schedules' },
  { path: 'runs', title: 'Runs', icon: 'runs' },
  { path: 'fleet', title: 'Fleet', icon: 'fleet' },
  { path: 'load', title: 'Load', icon: 'load' },
  { path: 'doctor', title: 'Doctor', icon: 'doctor' },
]

const UNREACHABLE_WORDS = { server: 'The server of the dashboard', redis: 'Redis' }

/** The frame of every page: links to the other pages, and the state of the connection. */
export function Shell({ children }: { children: preact.ComponentChildren }) {
  const isHelpShown = useSignal(false)
  // The listener is added once: a new listener at each rendering would forget an earlier `g`.
  useLayoutEffect(
    () =>
      listenToKeys((key) => {
        if (key === '?') isHelpShown.value = true
        else if (key === 't') turnTheme()
        else if (key === '/') document.querySelector<HTMLInputElement>('input[type=search]')?.focus()
        else window.dispatchEvent(new CustomEvent('everybeat-key', { detail: key }))
      }),
    [],
  )
  const page = segments.value[0] ?? ''
  return (
    <div class="app" onClick={followLinks}>
      <a class="skip-link" href="#main">
        Skip to the page
      </a>
      <header class="side">
        <div class="brand">
          <Icon name="beat" />
          Everybeat
        </div>
        <Navigation page={page} />
        <Foot showHelp={() => (isHelpShown.value = true)} />
      </header>
      <main id="main" tabIndex={-1}>
        {unreachable.value !== null && (
          <div class="banner" role="alert">
            <Icon name="alert" /> {UNREACHABLE_WORDS[unreachable.value]} does not answer; what you see may be old.
          </div>
        )}
        {children}
      </main>
      <Toasts />
      {isHelpShown.value && <Help onClose={() => (isHelpShown.value = false)} />}
    </div>
  )
}

function Navigation({ page }: { page: string }) {
  const { data, reload } = useApi<OverviewView>('overview', 30_000)
  useLive(({ type, data: news }) => {
    if (type === 'overview' && news['resync'] === true) reload()
    else if (type === 'overview' && data.value) data.value = { ...data.value, ...news } as OverviewView
  })
  const { total, runs, fleet } = data.value ?? {}
  const counts: Readonly<Record<string, number | undefined>> = {
    schedules: total,
    runs: runs && runs.running + runs.waiting,
    fleet: fleet?.workers,
  }
  return (
    <nav aria-label="Pages">
      {PAGES.map(({ path, title, icon }) => (
        <a href={pageUrl(...(path === '' ? [] : [path]))} aria-current={page === path ? 'page' : undefined}>
          <Icon name={icon} />
          {title}
          {counts[path] !== undefined && (
            <span class={`count ${path === 'fleet' && counts[path] === 0 ? 'alert' : ''}`}>
              {formatShort(counts[path])}
            </span>
          )}
        </a>
      ))}
    </nav>
  )
}

const LIVE_WORDS = { connecting: 'connecting', live: 'live', away: 'not live, trying again' }

function Foot({ showHelp }: { showHelp: () => void }) {
  const { user, label, readOnly, role, signIn } = session.value ?? {}
  const themeName = { auto: 'as the system', light: 'light', dark: 'dark' }[theme.value]
  return (
    <div class="foot">
      {label && (
        <div class="row">
          <span>
            fleet <b>{label}</b>
          </span>
        </div>
      )}
      <div class="row">
        <i class={`dot ${liveState.value}`} />
        {LIVE_WORDS[liveState.value]} · <time>{formatTime(now.value, true)}</time> UTC
      </div>
      {(signIn === 'host' || readOnly) && (
        <div class="who">
          {user}
          {readOnly ? ' · read-only' : ` · may ${role}`}
        </div>
      )}
      <div class="tools">
        <button
          class="button quiet icon"
          title={`Colours: ${themeName} (t)`}
          aria-label={`Colours: ${themeName}`}
          onClick={turnTheme}
        >
          <Icon name={theme.value === 'light' ? 'sun' : theme.value === 'dark' ? 'moon' : 'auto'} />
        </button>
        <button class="button quiet icon hide-phone" title="Keys (?)" aria-label="Keys" onClick={showHelp}>
          <Icon name="keys" />
        </button>
        {signIn === 'token' && (
          <button class="button quiet icon" title="Sign out" aria-label="Sign out" onClick={() => void signOut()}>
            <Icon name="leave" />
          </button>
        )}
      </div>
    </div>
  )
}

async function signOut(): Promise<void> {
  await write('DELETE', 'session')
  await loadSession()
}

function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <>
            <dt>
              {keys.map((key) => (
                <kbd>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  )
}
