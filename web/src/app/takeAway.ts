// What stands on a page as a file to take away: rows as CSV that spreadsheets read, with no cell taken for a formula.

/** A cell as spreadsheets read it: nothing in it is taken for a formula. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

export function csvOf(lines: readonly (readonly string[])[]): string {
  return `\ufeff${lines.map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Hands a file to whoever looks: nothing leaves the browser for it. */
export function takeAway(name: string, lines: readonly (readonly string[])[]): void {
  takeFile(name, csvOf(lines), 'text/csv')
}

/** Hands over what a server made, byte for byte. */
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

/** A reply that is a file, by the name that the server has for it. */
export async function takeReply(reply: Response, name: string): Promise<void> {
  const said = /filename="([^"]+)"/.exec(reply.headers.get('Content-Disposition') ?? '')?.[1]
  takeFile(said ?? name, await reply.arrayBuffer())
}
