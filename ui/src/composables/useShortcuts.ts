/* Single keys for a page. They sleep while something is typed or a dialog is open. */
import { onBeforeUnmount, onMounted } from 'vue';

export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (!element?.closest) return false;
  return !!element.closest(
    'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]',
  );
}

export function useShortcuts(keys: Record<string, (event: KeyboardEvent) => void>): void {
  function onKey(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector('.kd-veil, .kd-popover')) return;
    const act = keys[event.key];
    if (!act) return;
    // Enter and space belong to the button or link in focus.
    if (['Enter', ' '].includes(event.key) && (event.target as HTMLElement).closest('button, a, summary'))
      return;
    event.preventDefault();
    act(event);
  }
  onMounted(() => document.addEventListener('keydown', onKey));
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey));
}
