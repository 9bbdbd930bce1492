import { useSignal, type Signal } from '@preact/signals'
import { ApiError, loadSession, session, write } from '../api.js'
import { Icon } from '../parts/icon.js'

/** Asks for the token; or says that the application around the dashboard has to sign the user in. */
export function SignInPage() {
  return (
    <main class="sign-in">
      <div class="brand">
        <Icon name="beat" />
        Everybeat
      </div>
      {session.value?.signIn === 'token' ? (
        <TokenForm />
      ) : (
        <div class="panel">
          <h1>Not signed in</h1>
          <p>
            The application that serves this dashboard does not know you, or does not let you in. Sign in there first,
            then load this page again.
          </p>
        </div>
      )}
    </main>
  )
}

/** Signs in by a token; gives in `problem` the cause of a failure. */
async function signIn(token: string, problem: Signal<string | null>): Promise<void> {
  try {
    await write('POST', 'session', { token })
    await loadSession()
  } catch (error) {
    const isWrong = error instanceof ApiError && error.status === 401
    problem.value = isWrong ? 'This token is wrong.' : (error as Error).message
  }
}

function TokenForm() {
  const token = useSignal('')
  const problem = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    isBusy.value = true
    await signIn(token.value, problem)
    isBusy.value = false
  }
  return (
    <form class="panel" onSubmit={(event) => void submit(event)}>
      <h1>Sign in</h1>
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          name="token"
          autocomplete="current-password"
          autofocus
          required
          value={token.value}
          aria-invalid={problem.value !== null}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
        <small>The token that the dashboard was started with: --token, or EVERYBEAT_DASHBOARD_TOKEN.</small>
      </label>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <button class="button primary" disabled={isBusy.value}>
        Sign in
      </button>
    </form>
  )
}
