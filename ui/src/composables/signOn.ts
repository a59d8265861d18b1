/* To a provider: the browser leaves the page, and comes back to /sso or /sso/NUMBER (views/SignOnReturn.vue). Nothing is kept for the
 * way but the server's cookie: whoever is signed in when he comes back has gone there to link his account. */
import { signOn } from '@/api';

export async function goToProvider(provider: number, linkWith?: string): Promise<void> {
  const { url } =
    linkWith === undefined ? await signOn.begin(provider) : await signOn.linkBegin(provider, linkWith);
  window.location.assign(url);
}
