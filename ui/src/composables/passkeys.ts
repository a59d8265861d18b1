/* The browser's side of passkeys (Web Authentication): bytes in and out of base64url, nothing decided. */
import type { PasskeyAnswer, PasskeyChallenge, PasskeyStart } from '@/api/types';

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}
export function textOf(bytes: ArrayBuffer): string {
  const raw = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

export const passkeysWork = () => typeof window.PublicKeyCredential === 'function';

/* The person closed the browser's own dialog: nothing to complain about. */
export const wasDismissed = (error: unknown) =>
  error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError');

const known = (ids: string[] = []): PublicKeyCredentialDescriptor[] =>
  ids.map((id) => ({ type: 'public-key', id: bytesOf(id) }));

export async function makePasskey(start: PasskeyStart): Promise<{ client: string; attestation: string }> {
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(start.challenge),
      rp: { id: start.party, name: 'Kedun' },
      user: { id: bytesOf(start.user.id), name: start.user.login, displayName: start.user.name },
      pubKeyCredParams: [-7, -8, -35, -36, -257].map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      excludeCredentials: known(start.ids),
      timeout: 300000,
    },
  })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return { client: textOf(response.clientDataJSON), attestation: textOf(response.attestationObject) };
}

export async function askPasskey(challenge: PasskeyChallenge): Promise<PasskeyAnswer> {
  const shown = (await navigator.credentials.get({
    publicKey: {
      challenge: bytesOf(challenge.challenge),
      rpId: challenge.party,
      allowCredentials: known(challenge.ids),
      userVerification: 'required',
      timeout: 300000,
    },
  })) as PublicKeyCredential;
  const response = shown.response as AuthenticatorAssertionResponse;
  return {
    id: textOf(shown.rawId),
    client: textOf(response.clientDataJSON),
    authenticator: textOf(response.authenticatorData),
    signature: textOf(response.signature),
    handle: response.userHandle ? textOf(response.userHandle) : '',
  };
}
