// Passkeys, for Python in its worker: only a page may ask for them. What goes in and out is WebAuthn's own JSON.

import { Failure } from "./failure.js";

// Browsers give one name to "cancelled", "took too long" and "nothing here fits", so that a page learns nothing of the device.
const CODES = {
  NotAllowedError: "passkey_cancelled",
  AbortError: "passkey_cancelled",
  InvalidStateError: "passkey_known",
  NotSupportedError: "passkeys_unsupported",
  SecurityError: "passkeys_unsupported",
};

export const passkeys = async () =>
  ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"].every((name) => name in (globalThis.PublicKeyCredential ?? {}));

const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Some browsers leave what PRF gave out of their JSON; Chromium 150 does.
const jsonOf = (credential) => {
  const told = credential.toJSON();
  const secret = credential.getClientExtensionResults().prf?.results?.first;
  if (secret) told.clientExtensionResults.prf = { ...told.clientExtensionResults.prf, results: { first: base64url(secret) } };
  return told;
};

const asking = async (ask) => {
  if (!(await passkeys())) throw new Failure("passkeys_unsupported");
  try {
    return jsonOf(await ask());
  } catch (error) {
    throw new Failure(CODES[error.name] ?? "passkey_failed", String(error));
  }
};

export const makePasskey = ({ options }) =>
  asking(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) }),
  );

export const usePasskey = ({ options }) =>
  asking(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) }),
  );
