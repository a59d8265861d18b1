import { createPinia } from 'pinia';
import { createApp } from 'vue';
import './tokens.css';
import './base.css';
import App from './App.vue';
import { onSignedOut, onMarked, onWanted } from './api/client';
import { i18n, useLanguage } from './i18n';
import { router } from './router';
import { useObjects } from './stores/objects';
import { useMark } from './stores/mark';
import { usePrefs } from './stores/prefs';
import { useSession } from './stores/session';
import { useStepUp } from './stores/stepUp';

async function start() {
  const app = createApp(App);
  app.use(createPinia());
  await useLanguage(usePrefs().prefs.language);
  onSignedOut(() => {
    const session = useSession();
    if (!session.me) return;
    session.wanted = router.currentRoute.value.fullPath;
    session.forget();
    useObjects().forget();
    void import('./composables/useListState').then((lists) => lists.forgetFilters());
    void router.push({ name: 'sign-in', query: { ended: '1' } });
  });
  onWanted((wanted) => useStepUp().ask(wanted));
  onMarked(() => useMark().ask());
  app.use(i18n);
  app.use(router);
  app.mount('#app');
}

void start();
