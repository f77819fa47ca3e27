// Saves data of a page as a file: rows as CSV for spreadsheets, with no cell taken for a formula.

/** Returns a CSV cell that spreadsheets do not take for a formula. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

export function csvOf(lines: readonly (readonly string[])[]): string {
  return `\ufeff${lines.map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Saves rows as a CSV file; nothing leaves the browser for it. */
export function takeAway(name: string, lines: readonly (readonly string[])[]): void {
  takeFile(name, csvOf(lines), 'text/csv')
}

/** Saves a file from the server, byte for byte. */
export function takeFile(name: string, bytes: BlobPart, type = 'application/octet-stream'): void {
  takeBlob(name, new Blob([bytes], { type }))
}

export function takeBlob(name: string, file: Blob): void {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}

/** Saves a response as a file, under the name that the server gives it. */
export async function takeReply(reply: Response, name: string): Promise<void> {
  const said = /filename="([^"]+)"/.exec(reply.headers.get('Content-Disposition') ?? '')?.[1]
  takeFile(said ?? name, await reply.arrayBuffer())
}
