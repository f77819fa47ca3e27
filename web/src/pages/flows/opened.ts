// Holds the text of a file that the user opened from their disk until the flow's page shows it; it is stored nowhere
// else.
const opened = new Map<string, string>()

export function keepOpened(id: string, text: string): void {
  opened.clear()
  opened.set(id, text)
}

export function openedText(id: string): string | undefined {
  return opened.get(id)
}
