import vue from 'eslint-plugin-vue';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['dist', 'node_modules'] },
  ...ts.configs.recommended,
  ...vue.configs['flat/essential'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      'vue/multi-word-component-names': 'off',
      'max-lines': ['error', 600],
      'max-lines-per-function': ['error', { max: 80, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "MemberExpression[object.name='localStorage'], MemberExpression[object.name='sessionStorage']",
          message: 'Only stores/prefs.ts may keep something in the browser, and nothing personal.',
        },
      ],
      'vue/no-v-html': 'error',
      'no-eval': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['src/stores/prefs.ts'], rules: { 'no-restricted-syntax': 'off' } },
  // A component's setup is one function by construction; vue files are held short by max-lines instead.
  { files: ['**/*.vue'], rules: { 'max-lines-per-function': 'off' } },
);
