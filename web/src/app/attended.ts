// Whether somebody is at this page. What it asks by itself while nobody is keeps no session alive: the server is told so.
const TOUCHES = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'] as const
/** How long after the last touch somebody is taken to be there. */
const THERE_FOR_MS = 60_000

let touchedAt = Date.now()

/** Begins to notice keys and pointers. */
export function noticeTouches(): void {
  for (const touch of TOUCHES) window.addEventListener(touch, () => (touchedAt = Date.now()), { passive: true, capture: true })
}

export function isAttended(): boolean {
  return Date.now() - touchedAt < THERE_FOR_MS
}
