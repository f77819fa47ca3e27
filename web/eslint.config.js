import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist', 'src/api/schema.d.ts'] },
  ...tseslint.configs.strict,
  { rules: { 'max-lines': ['error', 400], '@typescript-eslint/no-non-null-assertion': 'error' } },
)
