import { useLayoutEffect, useRef } from 'preact/hooks'
import { Icon } from './icon.js'

/**
 * A dialog over the page; Escape, a click beside it and the cross close it. It has the focus before the browser handles
 * the next key: an effect that waits for a frame loses the first keys that a person types into the dialog.
 */
export function Dialog(props: {
  title: string
  onClose: () => void
  isWide?: boolean
  children: preact.ComponentChildren
  foot?: preact.ComponentChildren
  onSubmit?: () => void
}) {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const dialog = element.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  const submit = (event: Event) => {
    event.preventDefault()
    props.onSubmit?.()
  }
  return (
    <dialog
      ref={element}
      class={props.isWide ? 'wide' : ''}
      aria-label={props.title}
      onClose={props.onClose}
      onClick={(event) => {
        if (event.target === element.current) props.onClose()
      }}
    >
      <form method="dialog" onSubmit={submit}>
        <div class="dialog-head">
          <h2>{props.title}</h2>
          <button type="button" class="button quiet icon" aria-label="Close" onClick={props.onClose}>
            <Icon name="cross" />
          </button>
        </div>
        <div class="dialog-body">{props.children}</div>
        {props.foot && <div class="dialog-foot">{props.foot}</div>}
      </form>
    </dialog>
  )
}

/** The buttons at the end of a dialog with an action: cancel, and the action. */
export function DialogFoot(props: { action: string; isOff?: boolean; onClose: () => void }) {
  return (
    <>
      <button type="button" class="button" onClick={props.onClose}>
        Cancel
      </button>
      <button class="button primary" disabled={props.isOff ?? false}>
        {props.action}
      </button>
    </>
  )
}
