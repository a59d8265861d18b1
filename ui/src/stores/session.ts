import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { factors, session as api, signOn } from '@/api';
import { Problem, setCsrf } from '@/api/client';
import type { FactorProof, Me, SignOnAnswer } from '@/api/types';
import { askPasskey } from '@/composables/passkeys';

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null);
  const asked = ref(false);
  const refused = ref<unknown>(null); // why a session that there is may not be used here and now
  /* Where the visitor wanted to go before he had to sign in: kept in memory only. */
  const wanted = ref('/');

  function take(fresh: Me, csrf?: string) {
    me.value = fresh;
    setCsrf(csrf ?? fresh.csrf);
    asked.value = true;
  }
  const enter = (answer: { me: Me; csrf: string }) => take(answer.me, answer.csrf);
  async function load(): Promise<void> {
    try {
      take(await api.me());
    } catch (error) {
      refused.value = error instanceof Problem && error.status === 403 ? error : null;
      if (!(error instanceof Problem) || (error.status !== 401 && error.status !== 403)) throw error;
      me.value = null;
    } finally {
      asked.value = true;
    }
  }
  async function refresh(): Promise<void> {
    if (me.value) take(await api.me());
  }
  async function signIn(login: string, password: string): Promise<void> {
    enter(await api.signIn(login, password));
  }
  async function signInByPasskey(): Promise<void> {
    enter(await api.passkeySignIn(await askPasskey(await api.passkeyChallenge())));
  }
  async function signInByProvider(answer: SignOnAnswer): Promise<void> {
    enter(await signOn.finish(answer));
  }
  async function showPasskey(): Promise<void> {
    await showFactor({ kind: 'passkey', ...(await askPasskey(await factors.challenge())) });
  }
  async function showFactor(proof: FactorProof): Promise<void> {
    enter(await factors.show(proof));
  }
  /* Ends in a fresh page, so that nothing of what was shown stays in the tab's memory for the next person. */
  async function signOut(): Promise<void> {
    try {
      await api.signOut();
    } finally {
      forget();
      window.location.replace('/sign-in');
    }
  }
  function forget() {
    me.value = null;
    setCsrf('');
  }
  const may = (object: string, act: string) => me.value?.acts?.[object]?.includes(act) ?? false;
  const area = (name: string) => me.value?.areas?.includes(name) ?? false;
  const isAuditor = computed(() => me.value?.duties?.includes('auditor') ?? false);

  return {
    me,
    asked,
    refused,
    wanted,
    load,
    refresh,
    signIn,
    signInByPasskey,
    signInByProvider,
    showFactor,
    showPasskey,
    signOut,
    forget,
    may,
    area,
    isAuditor,
  };
});
