/* Sends a file in parts, each tried three times, so that a short break of the network doesn't start it over. */
import { onScopeDispose, ref } from 'vue';
import { imports } from '@/api';
import { isAbort, Problem } from '@/api/client';

const TRIES = 3;

export function useUpload() {
  const done = ref(0);
  const total = ref(0);
  let control: AbortController | null = null;

  async function part(id: string, n: number, bytes: Blob, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await imports.part(id, n, bytes, signal);
        return;
      } catch (error) {
        const passing =
          error instanceof Problem && (error.status === 0 || error.status >= 500 || error.status === 429);
        if (isAbort(error) || !passing || tries >= TRIES) throw error;
        await new Promise((r) => setTimeout(r, 800 * tries));
      }
    }
  }
  async function send(object: string, file: File): Promise<string> {
    control = new AbortController();
    done.value = 0;
    total.value = file.size;
    const made = await imports.create(object, file.name, file.size);
    const size = made.part_size || 1048576;
    for (let n = 0; n * size < file.size; n++) {
      const bytes = file.slice(n * size, Math.min(file.size, (n + 1) * size));
      await part(made.id, n, bytes, control.signal);
      done.value = Math.min(file.size, (n + 1) * size);
    }
    return made.id;
  }
  const abort = () => control?.abort();
  onScopeDispose(abort);
  return { done, total, send, abort };
}

export function bytesText(n: number): string {
  if (n < 1024) return `${n} B`;
  if (n < 1048576) return `${(n / 1024).toFixed(1)} KB`;
  return n < 1073741824 ? `${(n / 1048576).toFixed(1)} MB` : `${(n / 1073741824).toFixed(2)} GB`;
}
