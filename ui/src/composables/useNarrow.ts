import { onScopeDispose, ref, type Ref } from 'vue';

/* Phone-wide: lists become cards, the navigation a drawer. */
export function useNarrow(width = 720): Ref<boolean> {
  const query = window.matchMedia(`(max-width: ${width}px)`);
  const narrow = ref(query.matches);
  const take = () => (narrow.value = query.matches);
  query.addEventListener('change', take);
  onScopeDispose(() => query.removeEventListener('change', take));
  return narrow;
}
