// A customer, as far as the user may see: a link to the customer's page, or plain text.
import { Link } from '@tanstack/react-router'
import { useMay } from '../app/session'

interface Props {
  id: string
  campaign: string | null | undefined
  children: string
}

export function CustomerLink({ id, campaign, children }: Props) {
  const may = useMay()
  if (!may('customers:read')) return <span className="data">{children}</span>
  return <Link className="data" to="/customers/$id" params={{ id }} search={{ campaign: campaign ?? undefined }}>{children}</Link>
}
