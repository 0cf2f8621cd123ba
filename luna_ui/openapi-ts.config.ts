/** `npm run generate` turns the API's own description into types; `openapi.json` is exported by the API. */
import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  input: './openapi.json',
  output: { path: './src/generated', clean: true },
  plugins: ['@hey-api/typescript'],
});
