// Tracks whether a user is at this page. Automatic requests of an unattended page do not keep the session alive; a
// header tells the server.
const TOUCHES = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'] as const
/** How long after the last input a user counts as present, in milliseconds. */
const THERE_FOR_MS = 60_000

let touchedAt = Date.now()

/** Starts to listen for keys and pointers. */
export function noticeTouches(): void {
  for (const touch of TOUCHES) window.addEventListener(touch, () => (touchedAt = Date.now()), { passive: true, capture: true })
}

export function isAttended(): boolean {
  return Date.now() - touchedAt < THERE_FOR_MS
}
