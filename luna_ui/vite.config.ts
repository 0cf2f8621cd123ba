/** Builds the page to `dist`, which the API serves under `/`. Everything is hashed and local; nothing is inlined. */
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env['LUNA_API_URL'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: 'dist',
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
    target: 'es2022',
    // The charts' chunk is fetched by the views of series only.
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': api, '/health': api } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
