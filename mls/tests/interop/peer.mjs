// One ts-mls client, driven by JSON lines: {"do": name, ...} in, {...} or {"error": text} out. Bytes are hex.
import { createInterface } from "node:readline"
import {
  acceptAll, branchGroup, bytesToBase64, createCommit, createGroup, createProposal, decodeMlsMessage,
  encodeMlsMessage, encodeRequiredCapabilities, generateKeyPackage, getCiphersuiteFromName, getCiphersuiteImpl,
  joinGroup, joinGroupExternal, joinGroupFromBranch, joinGroupFromReinit, makePskIndex, mlsExporter, processMessage,
  reinitCreateNewGroup,
} from "ts-mls"
import { createGroupInfoWithRatchetTree } from "ts-mls/createCommit.js"
import { encodeRatchetTree } from "ts-mls/ratchetTree.js"

const POLICY = 0xf0a1
const SUITE = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"
const suite = await getCiphersuiteImpl(getCiphersuiteFromName(SUITE))
const hex = (bytes) => Buffer.from(bytes).toString("hex")
const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"))
const wire = (wireformat, content) => hex(encodeMlsMessage({ version: "mls10", wireformat, ...content }))
const unwire = (text) => decodeMlsMessage(unhex(text), 0)[0]

let own, state
const external = {}
const psks = () => makePskIndex(state, external)
const readPackage = (text) => unwire(text).keyPackage

async function makeKeyPackage(name) {
  const capabilities = {
    versions: ["mls10"], ciphersuites: [SUITE],
    extensions: [POLICY], proposals: [], credentials: ["basic"],
  }
  const credential = { credentialType: "basic", identity: new TextEncoder().encode(name) }
  return generateKeyPackage(credential, capabilities, { notBefore: 0n, notAfter: 9223372036854775807n }, [], suite)
}

async function commit(extraProposals) {
  const made = await createCommit(
    { state, pskIndex: psks(), cipherSuite: suite }, { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals })
  state = made.newState
  return {
    commit: hex(encodeMlsMessage(made.commit)),
    welcome: made.welcome ? wire("mls_welcome", { welcome: made.welcome }) : null,
  }
}

async function propose(proposal) {
  const made = await createProposal(state, true, proposal, suite)
  state = made.newState
  return { message: hex(encodeMlsMessage(made.message)) }
}

function psk(id) {
  return { proposalType: "psk", psk: { preSharedKeyId: { ...id, pskNonce: suite.rng.randomBytes(suite.kdf.size) } } }
}

function succeeded(made) {
  state = made.newState
  return {
    welcome: wire("mls_welcome", { welcome: made.welcome }), ratchet_tree: hex(encodeRatchetTree(state.ratchetTree)),
  }
}

const commands = {
  async key_package({ name }) {
    own = await makeKeyPackage(name)
    return { key_package: wire("mls_key_package", { keyPackage: own.publicPackage }) }
  },
  async create({ name, group_id, policy }) {
    own = await makeKeyPackage(name)
    const required = encodeRequiredCapabilities({ extensionTypes: [POLICY], proposalTypes: [], credentialTypes: [] })
    const extensions = [
      { extensionType: "required_capabilities", extensionData: required },
      { extensionType: POLICY, extensionData: unhex(policy) },
    ]
    state = await createGroup(unhex(group_id), own.publicPackage, own.privatePackage, extensions, suite)
    return {}
  },
  async join({ welcome }) {
    state = await joinGroup(unwire(welcome).welcome, own.publicPackage, own.privatePackage, psks(), suite)
    return {}
  },
  async enter({ name, group_info }) {
    own = await makeKeyPackage(name)
    const made = await joinGroupExternal(unwire(group_info).groupInfo, own.publicPackage, own.privatePackage, false, suite)
    state = made.newState
    return { commit: wire("mls_public_message", { publicMessage: made.publicMessage }) }
  },
  add: ({ key_packages }) => commit(
    key_packages.map((text) => ({ proposalType: "add", add: { keyPackage: readPackage(text) } }))),
  remove: ({ index }) => commit([{ proposalType: "remove", remove: { removed: index } }]),
  commit: () => commit([]),
  know_psk({ id, psk }) {
    external[bytesToBase64(unhex(id))] = unhex(psk)
    return {}
  },
  commit_psk: ({ id }) => commit([psk({ psktype: "external", pskId: unhex(id) })]),
  commit_resumption: ({ epoch }) => commit([psk({
    psktype: "resumption", usage: "application", pskGroupId: state.groupContext.groupId, pskEpoch: BigInt(epoch),
  })]),
  commit_reinit: ({ group_id }) => commit([{ proposalType: "reinit", reinit: {
    groupId: unhex(group_id), version: "mls10", cipherSuite: SUITE, extensions: state.groupContext.extensions,
  } }]),
  propose_remove: ({ index }) => propose({ proposalType: "remove", remove: { removed: index } }),
  propose_add: ({ key_package }) => propose({ proposalType: "add", add: { keyPackage: readPackage(key_package) } }),
  propose_psk: ({ id }) => propose(psk({ psktype: "external", pskId: unhex(id) })),
  async branch({ name, group_id, key_packages }) {
    own = await makeKeyPackage(name)
    return succeeded(await branchGroup(
      state, own.publicPackage, own.privatePackage, key_packages.map(readPackage), unhex(group_id), suite))
  },
  async reinit({ name, key_packages }) {
    own = await makeKeyPackage(name)
    const { groupId, extensions } = state.groupActiveState.reinit
    return succeeded(await reinitCreateNewGroup(
      state, own.publicPackage, own.privatePackage, key_packages.map(readPackage), groupId, SUITE, extensions))
  },
  async join_branch({ welcome }) {
    state = await joinGroupFromBranch(
      state, unwire(welcome).welcome, own.publicPackage, own.privatePackage, undefined, suite)
    return {}
  },
  async join_reinit({ welcome }) {
    state = await joinGroupFromReinit(state, unwire(welcome).welcome, own.publicPackage, own.privatePackage, undefined)
    return {}
  },
  async process({ message }) {
    state = (await processMessage(unwire(message), state, psks(), acceptAll, suite)).newState
    return {}
  },
  async export({ label, context, length }) {
    return { secret: hex(await mlsExporter(state.keySchedule.exporterSecret, label, unhex(context), length, suite)) }
  },
  async group_info() {
    // ts-mls writes external_pub without the length that HPKEPublicKey has (RFC 9420 section 5.1.1); put it in.
    const pair = await suite.hpke.deriveKeyPair(state.keySchedule.externalSecret)
    const key = await suite.hpke.exportPublicKey(pair.publicKey)
    const external = { extensionType: "external_pub", extensionData: new Uint8Array([key.length, ...key]) }
    const groupInfo = await createGroupInfoWithRatchetTree(
      state.groupContext, state.confirmationTag, state, state.ratchetTree, [external], suite)
    return { group_info: wire("mls_group_info", { groupInfo }) }
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...given } = JSON.parse(line)
  try {
    console.log(JSON.stringify(await commands[name](given)))
  } catch (error) {
    console.log(JSON.stringify({ error: `${error.constructor.name}: ${error.message}` }))
  }
}
