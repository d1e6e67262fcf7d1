// The device plc-0042 asks the agent of its gateway what is decided, and connects to the broker under that, or not at all. Run it in the root of the repository: docs/sdk.md.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const [socket, port] = process.argv.slice(2);
const refuse = reason => { console.log(`refused: ${reason}`); process.exit(2); };
const contract = loadSync('policym2m/v1/decision_service.proto', { includeDirs: ['schemas/proto'], enums: String, longs: Number });
const { DecisionService } = grpc.loadPackageDefinition(contract).policym2m.v1;

// 1. Decide. The kernel tells the agent who asks.
const agent = new DecisionService(`unix:${socket}`, grpc.credentials.createInsecure());
const pem = name => readFileSync(`.policym2m/pki/${name}.pem`);
const own = new X509Certificate(pem('device'));
const issued = new Date(own.validFrom).toISOString().slice(0, 19) + 'Z';
const says = { 'device.type': 'plc', 'firmware.version': '2.6.0', 'network.zone': 'cell', 'network.bearer': 'wired', 'connectivity.mode': 'always', 'power.source': 'mains', 'credential.issued-at': issued, 'key.created-at': issued };
const { decisions } = await promisify(agent.decide.bind(agent))({
  deviceId: 'plc-0042', kinds: ['DECISION_KIND_CIPHER_SUITES', 'DECISION_KIND_AUTH'],
  attributes: Object.fromEntries(Object.entries(says).map(([name, text]) => [name, { text }])),
}).catch(error => refuse(`${grpc.status[error.code]}: ${error.details}`));
agent.close();
for (const { denial } of decisions) if (denial) refuse(denial.reason);
const [{ cipherSuites }, { auth }] = decisions;
const names = list => list.items.map(item => item.name);
const ms = duration => Number(duration.seconds) * 1000;
// Until then the decisions may be used, and then the connection must authenticate again.
const usable = Math.min(...decisions.map(({ usableUntil }) => usableUntil ? ms(usableUntil) : 0));
if (usable <= Date.now()) refuse('what was decided has ended');

// 2. Refuse what this device is not. Key and evidence are its own word, as in C#; how old the list is, openssl says.
const levels = ['SOFTWARE', 'OS_KEYSTORE', 'TEE', 'SECURE_ELEMENT', 'HSM'].map(level => `KEY_PROTECTION_${level}`);
const [protection, attestedAt] = ['KEY_PROTECTION_SECURE_ELEMENT', Date.now()];
if (auth.keyProtection && !levels.slice(0, levels.indexOf(protection) + 1).includes(auth.keyProtection)) refuse(`the key must be protected better than ${protection}`);
if (auth.attestationWithin && Date.now() - attestedAt > ms(auth.attestationWithin)) refuse('the evidence is too old');
const listed = Date.parse(execFileSync('openssl', ['crl', '-in', '.policym2m/broker/crl.pem', '-noout', '-lastupdate'], { encoding: 'utf8' }).split('=')[1]);
if (auth.revocationWithin && !(Date.now() - listed <= ms(auth.revocationWithin))) refuse('the revocation list is too old');
const curves = { prime256v1: 'ecdsa-p256', secp384r1: 'ecdsa-p384', secp521r1: 'ecdsa-p521' };
const mayBe = certificate => !auth.keyAlgorithms || auth.keyAlgorithms.items.includes(curves[certificate.publicKey.asymmetricKeyDetails.namedCurve]);
if (!mayBe(own)) refuse('the key of this device is of another algorithm');

// 3. Enforce, as far as Node can: TLS 1.3 alone, whose suites and signatures it calls as the IANA does, and the groups that it knows. It resumes no session.
const groups = { x25519: 'X25519', secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const signatures = ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512', 'ed25519', 'rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512']
  .filter(scheme => !cipherSuites.signatures || names(cipherSuites.signatures).includes(scheme));
const suites = names(cipherSuites.suites);
const offered = suites.filter(suite => ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'].includes(suite));
if (!cipherSuites.versions.includes('PROTOCOL_VERSION_TLS_1_3') || offered.length === 0 || signatures.length === 0) refuse('Node has nothing of what is decided');
if (!auth.methods.items.includes('x509') && !auth.methods.items.includes('spiffe-x509')) refuse('Node authenticates by certificates only');
const broker = connect({
  host: 'localhost', port, ca: pem('ca'), cert: pem('device'), key: pem('device-key'), crl: readFileSync('.policym2m/broker/crl.pem'),
  minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: offered.join(':'), ecdhCurve: cipherSuites.groups ? names(cipherSuites.groups).map(group => groups[group]).filter(Boolean).join(':') : 'auto', sigalgs: signatures.join(':'),
});
const until = auth.reauthenticate ? Math.min(usable, Date.now() + ms(auth.reauthenticate)) : usable;
// Longer than this no timer of Node runs.
const end = setTimeout(() => refuse('the decisions have ended, or both ends must authenticate again'), Math.min(until - Date.now(), 2 ** 31 - 1));
broker.on('close', () => clearTimeout(end));
broker.on('error', error => refuse(error.message));
broker.on('secureConnect', () => {
  // 4. What was negotiated must be what was decided, whatever the library was told.
  const suite = broker.getCipher().standardName;
  if (broker.getProtocol() !== 'TLSv1.3' || !suites.includes(suite)) refuse(`${broker.getProtocol()} with ${suite} was negotiated`);
  if (!mayBe(broker.getPeerX509Certificate())) refuse('the key of the broker is of another algorithm');
  console.log(`connected: ${broker.getProtocol()}, ${suite}, ${broker.getEphemeralKeyInfo().name}`);
  const text = value => [0, value.length, ...Buffer.from(value)];
  const packet = (type, ...body) => Buffer.from([type, body.length, ...body]);
  // MQTT 3.1.1: CONNECT; upon CONNACK a PUBLISH, and DISCONNECT.
  broker.write(packet(0x10, ...text('MQTT'), 4, 2, 0, 60, ...text('plc-0042')));
  broker.once('data', answer => {
    if (answer[0] !== 0x20 || answer[3] !== 0) refuse(`the broker answered ${answer.toString('hex')}`);
    if (!auth.capabilities?.items.includes('telemetry.publish')) refuse('telemetry.publish is not granted');
    broker.write(packet(0x30, ...text('plant-7/plc-0042/valve'), ...Buffer.from('closed')));
    broker.end(packet(0xe0));
    console.log('published');
  });
});
