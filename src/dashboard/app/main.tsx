import { render } from 'preact'
import { useEffect } from 'preact/hooks'
import './styles/tokens.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/parts.css'
import './styles/marks.css'
import './styles/table.css'
import './styles/dialog.css'
import './styles/overview.css'
import './styles/fleet.css'
import './styles/schedule.css'
import './styles/edit.css'
import './styles/menu.css'
import './styles/load.css'
import './styles/sign-in.css'
import './styles/narrow.css'
import { loadSession, session } from './api.js'
import { loadFonts } from './fonts.js'
import { startLive } from './live.js'
import { segments } from './location.js'
import { DoctorPage } from './pages/doctor.js'
import { FleetPage } from './pages/fleet.js'
import { LoadPage } from './pages/load.js'
import { OverviewPage } from './pages/overview.js'
import { RunsPage } from './pages/runs.js'
import { EditPage } from './schedule/edit.js'
import { SchedulePage } from './pages/schedule.js'
import { SchedulesPage } from './pages/schedules.js'
import { SignInPage } from './pages/sign-in.js'
import { Empty } from './parts/states.js'
import { applyTheme, theme } from './parts/theme.js'
import { Shell } from './shell.js'

function App() {
  const { user } = session.value ?? {}
  const isSignedIn = user !== undefined && user !== null
  useEffect(() => {
    if (isSignedIn) startLive()
  }, [isSignedIn])
  if (session.value === null) return null
  if (!isSignedIn) return <SignInPage />
  return (
    <Shell>
      <Page />
    </Shell>
  )
}

function Page() {
  const [page = '', name] = segments.value
  const title = name ?? { '': 'Overview' }[page] ?? page.charAt(0).toUpperCase() + page.slice(1)
  useEffect(() => {
    document.title = `${title} · Everybeat`
  }, [title])
  switch (page) {
    case '':
      return <OverviewPage />
    case 'schedules':
      return name === undefined ? <SchedulesPage /> : <SchedulePage key={name} name={name} />
    case 'new':
      return <EditPage schedule={null} />
    case 'runs':
      return <RunsPage />
    case 'fleet':
      return <FleetPage />
    case 'load':
      return <LoadPage />
    case 'doctor':
      return <DoctorPage />
    default:
      return <Empty icon="search" title="There is no such page" />
  }
}

applyTheme(theme.value)
void loadFonts()
loadSession().catch(() => {
  session.value = { user: null, signIn: 'host' }
})
render(<App />, document.getElementById('app')!)
