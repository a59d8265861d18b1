import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router';
import { i18n } from './i18n';
import { useMark } from './stores/mark';
import { useObjects } from './stores/objects';
import { useSession } from './stores/session';

declare module 'vue-router' {
  interface RouteMeta {
    open?: boolean; // needs no session
    title?: string; // i18n key
  }
}

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    {
      path: '/sign-in',
      name: 'sign-in',
      component: () => import('./views/SignIn.vue'),
      meta: { open: true, title: 'signIn.title' },
    },
    {
      path: '/sso/:provider(\\d+)?',
      name: 'sso',
      component: () => import('./views/SignOnReturn.vue'),
      meta: { open: true, title: 'signIn.title' },
    },
    {
      path: '/password',
      name: 'password',
      component: () => import('./views/ChangePassword.vue'),
      meta: { title: 'password.title' },
    },
    {
      path: '/enrol',
      name: 'enrol',
      component: () => import('./views/Enrol.vue'),
      meta: { title: 'totp.mustTitle' },
    },
    {
      path: '/',
      component: () => import('./views/Shell.vue'),
      children: [
        {
          path: '',
          name: 'home',
          component: () => import('./views/Home.vue'),
          meta: { title: 'shell.home' },
        },
        { path: 'o/:object', name: 'list', component: () => import('./views/RecordList.vue') },
        {
          path: 'o/:object/bin',
          name: 'bin',
          component: () => import('./views/RecordList.vue'),
          props: { bin: true },
        },
        { path: 'o/:object/new', name: 'create', component: () => import('./views/RecordEdit.vue') },
        { path: 'o/:object/:id', name: 'record', component: () => import('./views/RecordPage.vue') },
        { path: 'o/:object/:id/edit', name: 'edit', component: () => import('./views/RecordEdit.vue') },
        {
          path: 'imports',
          name: 'imports',
          component: () => import('./views/Imports.vue'),
          meta: { title: 'imports.title' },
        },
        {
          path: 'imports/new',
          name: 'import-new',
          component: () => import('./views/ImportWizard.vue'),
          meta: { title: 'imports.fresh' },
        },
        {
          path: 'imports/:id',
          name: 'import',
          component: () => import('./views/ImportPage.vue'),
          meta: { title: 'imports.title' },
        },
        {
          path: 'conflicts',
          name: 'conflicts',
          component: () => import('./views/Conflicts.vue'),
          meta: { title: 'conflicts.title' },
        },
        {
          path: 'audit',
          name: 'audit',
          component: () => import('./views/Audit.vue'),
          meta: { title: 'audit.title' },
        },
        {
          path: 'trail',
          name: 'trail',
          component: () => import('./views/Audit.vue'),
          props: { mine: true },
          meta: { title: 'audit.mine' },
        },
        {
          path: 'account',
          name: 'account',
          component: () => import('./views/Account.vue'),
          meta: { title: 'account.title' },
        },
        {
          path: 'sessions',
          name: 'sessions',
          component: () => import('./views/Sessions.vue'),
          meta: { title: 'sessions.title' },
        },
        {
          path: 'keys',
          name: 'keys',
          component: () => import('./views/ApiKeys.vue'),
          meta: { title: 'keys.title' },
        },
        {
          path: 'policies',
          name: 'policies',
          component: () => import('./views/Policies.vue'),
          meta: { title: 'policies.title' },
        },
        {
          path: 'report/:id',
          name: 'report',
          component: () => import('./views/PersonReport.vue'),
          meta: { title: 'report.look' },
        },
        {
          path: 'sign-in-rules',
          name: 'sign-in-rules',
          component: () => import('./views/SignInRules.vue'),
          meta: { title: 'signInRules.title' },
        },
        {
          path: 'high-risk',
          name: 'high-risk',
          component: () => import('./views/HighRisk.vue'),
          meta: { title: 'deeds.title' },
        },
        {
          path: 'sign-on',
          name: 'sign-on',
          component: () => import('./views/SignOnSettings.vue'),
          meta: { title: 'signOn.settings' },
        },
        {
          path: 'provisioning',
          name: 'provisioning',
          component: () => import('./views/ScimSettings.vue'),
          meta: { title: 'scim.title' },
        },
        {
          path: 'directories',
          name: 'directories',
          component: () => import('./views/Directories.vue'),
          meta: { title: 'directories.title' },
        },
        {
          path: 'directories/:id',
          name: 'directory',
          component: () => import('./views/DirectoryImport.vue'),
          meta: { title: 'directories.title' },
        },
        {
          path: 'people',
          name: 'people',
          component: () => import('./views/People.vue'),
          meta: { title: 'people.title' },
        },
        {
          path: 'people/:id',
          name: 'person',
          component: () => import('./views/PersonPage.vue'),
          meta: { title: 'people.title' },
        },
        {
          path: 'reviews',
          name: 'reviews',
          component: () => import('./views/Reviews.vue'),
          meta: { title: 'reviews.title' },
        },
        {
          path: 'reviews/:id',
          name: 'review',
          component: () => import('./views/ReviewPage.vue'),
          meta: { title: 'reviews.title' },
        },
        {
          path: 'rights',
          name: 'rights',
          component: () => import('./views/Rights.vue'),
          meta: { title: 'rights.title' },
        },
        {
          path: 'access',
          name: 'access',
          component: () => import('./views/MyAccess.vue'),
          meta: { title: 'access.title' },
        },
        {
          path: ':rest(.*)*',
          name: 'missing',
          component: () => import('./views/NotFound.vue'),
          meta: { title: 'state.missingTitle' },
        },
      ],
    },
  ],
});

export function setTitle(text: string): void {
  const name = i18n.global.t('app.name');
  document.title = text ? `${text} · ${name}` : name;
}

async function guard(to: RouteLocationNormalized) {
  const session = useSession();
  if (!session.asked) await session.load().catch(() => undefined);
  const half = session.me?.step === 'second_factor';
  if (to.meta.open) return session.me && !half && to.name === 'sign-in' ? '/' : true;
  if (!session.me || half) {
    session.wanted = to.fullPath;
    return { name: 'sign-in' };
  }
  if (session.me.step === 'enrol') return to.name === 'enrol' ? true : { name: 'enrol' };
  if (session.me.must_change_password && to.name !== 'password') return { name: 'password' };
  if (to.name === 'password' || to.name === 'enrol') return true;
  const objects = useObjects();
  if (!objects.loaded) await objects.load().catch(() => undefined);
  return true;
}

router.beforeEach(guard);
router.afterEach((to, from) => {
  if (to.path !== from.path) useMark().leave();
  if (to.meta.title) setTitle(i18n.global.t(to.meta.title));
});
