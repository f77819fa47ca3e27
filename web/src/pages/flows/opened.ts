// A file that was opened from somebody's disk, until its page is there; it is kept nowhere else.
const opened = new Map<string, string>()

export function keepOpened(id: string, text: string): void {
  opened.clear()
  opened.set(id, text)
}

export function openedText(id: string): string | undefined {
  return opened.get(id)
}
