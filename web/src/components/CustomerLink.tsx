// A person, by what may be shown of them: a way to their page for whoever may see it.
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
