import { session } from '../api.js'

/** Whether this user may operate: pause, run, cancel. */
export function mayOperate(): boolean {
  const { role, readOnly } = session.value ?? {}
  return !readOnly && (role === 'operate' || role === 'edit')
}

/** Whether this user may edit and remove. */
export function mayEdit(): boolean {
  const { role, readOnly } = session.value ?? {}
  return !readOnly && role === 'edit'
}
