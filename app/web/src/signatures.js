// Many Ed25519 signatures at once, by WebCrypto: quicker than `@noble`, but it only answers later.

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (byte) => Number.parseInt(byte, 16));

// A key and an R of mixed order, twice. The first signature holds by either equation; the second only where both sides are
// multiplied by the cofactor, which the one rule of `parley_mls.ed25519` does not do. What else that rule settles it has settled
// before anything comes here. Both are questions of `mls/tests/test_speccheck.py`.
const KEY = bytes("d5ef64df63da3bb3d38a00537014257b40d069b39e6c71bf5a2a9d8efbdc22d9");
const R = "deec92049ddd3ddb42e8e156b404996300981868dbeeb8dcb687006f6520baa1";
const HOLDS = ["question 2", "21244db5b52969d0e3887ebce53d88f8b0ecef67d12fead8d202c62a61594105"];
const COFACTORED = ["question 0", "9c6cf0e1ab9906da9eecc1a189fa271e772873bcf9547ef47e2fa9171802c30f"];

const verify = async (key, message, signature) => {
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, signature, message);
};

const answer = ([message, s]) => verify(KEY, new TextEncoder().encode(message), bytes(R + s));

let found;

/** A promise of whether there is a WebCrypto with Ed25519 whose equation is ours; found out once. */
export const ed25519_in_batches = () =>
  (found ??= Promise.all([answer(HOLDS), answer(COFACTORED)]).then(
    ([holds, cofactored]) => holds && !cofactored,
    () => false,
  ));

/** Whether signatures hold: key, message, signature, key … in; a promise of a byte for each signature, 1 or 0, out. */
export const ed25519_verify_all = async (parts) => {
  const checks = [];
  for (let place = 0; place < parts.length; place += 3) checks.push(verify(...parts.slice(place, place + 3)));
  const settled = await Promise.allSettled(checks);
  return Uint8Array.from(settled, ({ value }) => (value === true ? 1 : 0));
};
