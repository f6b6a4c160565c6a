// One ts-mls client, driven by JSON lines: {"do": name, ...} in, {...} or {"error": text} out. Bytes are hex.
import { createInterface } from "node:readline"
import {
  acceptAll, createCommit, createGroup, createProposal, decodeMlsMessage,
  emptyPskIndex, encodeMlsMessage, encodeRequiredCapabilities, generateKeyPackage, getCiphersuiteFromName,
  getCiphersuiteImpl, joinGroup, joinGroupExternal, mlsExporter, processMessage,
} from "ts-mls"
import { createGroupInfoWithRatchetTree } from "ts-mls/createCommit.js"

const POLICY = 0xf0a1
const suite = await getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"))
const hex = (bytes) => Buffer.from(bytes).toString("hex")
const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"))
const wire = (wireformat, content) => hex(encodeMlsMessage({ version: "mls10", wireformat, ...content }))
const unwire = (text) => decodeMlsMessage(unhex(text), 0)[0]

let own, state

async function makeKeyPackage(name) {
  const capabilities = {
    versions: ["mls10"], ciphersuites: ["MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"],
    extensions: [POLICY], proposals: [], credentials: ["basic"],
  }
  const credential = { credentialType: "basic", identity: new TextEncoder().encode(name) }
  return generateKeyPackage(credential, capabilities, { notBefore: 0n, notAfter: 9223372036854775807n }, [], suite)
}

async function commit(extraProposals) {
  const made = await createCommit(
    { state, cipherSuite: suite }, { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals })
  state = made.newState
  return {
    commit: hex(encodeMlsMessage(made.commit)),
    welcome: made.welcome ? wire("mls_welcome", { welcome: made.welcome }) : null,
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
    state = await joinGroup(unwire(welcome).welcome, own.publicPackage, own.privatePackage, emptyPskIndex, suite)
    return {}
  },
  async enter({ name, group_info }) {
    own = await makeKeyPackage(name)
    const made = await joinGroupExternal(unwire(group_info).groupInfo, own.publicPackage, own.privatePackage, false, suite)
    state = made.newState
    return { commit: wire("mls_public_message", { publicMessage: made.publicMessage }) }
  },
  add: ({ key_packages }) => commit(
    key_packages.map((text) => ({ proposalType: "add", add: { keyPackage: unwire(text).keyPackage } }))),
  remove: ({ index }) => commit([{ proposalType: "remove", remove: { removed: index } }]),
  commit: () => commit([]),
  async propose_remove({ index }) {
    const made = await createProposal(state, true, { proposalType: "remove", remove: { removed: index } }, suite)
    state = made.newState
    return { message: hex(encodeMlsMessage(made.message)) }
  },
  async process({ message }) {
    state = (await processMessage(unwire(message), state, emptyPskIndex, acceptAll, suite)).newState
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
