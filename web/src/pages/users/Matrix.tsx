// The matrix of roles and permissions, which is part of the program and cannot be changed.
import { useQuery } from '@tanstack/react-query'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { Refused } from '../../components/States'

export type Roles = ResponseOf<'/api/v1/roles'>
type Permission = Roles['permissions'][number]

export function useRoles() {
  return useQuery({ queryKey: ['roles'], queryFn: () => get('/api/v1/roles'), staleTime: Infinity })
}

export function Matrix() {
  const { t, i18n } = useTranslation()
  const roles = useRoles()
  const english = i18n.language === 'en'
  if (roles.error) return <Refused why={roles.error} again={() => void roles.refetch()} />
  return (
    <>
      <p className="muted">{t('users.matrixWhat')}</p>
      <Table<Permission>
        rowKey="permission"
        size="small"
        pagination={false}
        loading={roles.isPending}
        dataSource={roles.data?.permissions ?? []}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t('users.permission'), key: 'permission', fixed: 'left', render: (_, one) => <>{english ? one.en : one.zh} <span className="mono muted">{one.permission}</span></> },
          ...(roles.data?.roles ?? []).map((role, at) => ({
            title: english ? role.en : role.zh,
            key: role.role,
            align: 'center' as const,
            render: (_: unknown, one: Permission) => t(`users.reach.${one.reach[at] === '–' ? 'none' : one.reach[at]}`),
          })),
        ]}
      />
    </>
  )
}
